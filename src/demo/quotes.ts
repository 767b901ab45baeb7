export type QuoteSide = 'BUY' | 'SELL';

/** An order to buy or sell: the price in ticks, the quantity in shares. */
export interface Quote {
  readonly side: QuoteSide;
  readonly price: number;
  readonly quantity: number;
}

interface QuoteView {
  /** In ticks, not rounded. */
  readonly fairValue: number;
  readonly halfSpreadBps: number;
  readonly levels: number;
  /** The shares of the level closest to the fair value; levels further away have more. */
  readonly size: number;
  /**
   * The ratio of the position to the initial one, minus 1: 0.5 is half as much again, -1 is no
   * position.
   */
  readonly surplus: number;
}

/**
 * The orders that a maker wants in the book: levels on both sides of the fair value, each at
 * its own price.
 *
 * A maker with more shares than initially quotes lower and so tends to sell; with three times the
 * shares it stops buying, and with almost none left it stops selling. This bounds every inventory.
 */
export function wantedQuotes(view: QuoteView): readonly Quote[] {
  const { fairValue, levels, surplus } = view;
  const halfSpread = Math.max(1, (fairValue * view.halfSpreadBps) / 10_000);
  const middle = fairValue - halfSpread * Math.min(Math.max(surplus, -1), 1);
  const bid = Math.floor(middle - halfSpread);
  const ask = Math.max(Math.ceil(middle + halfSpread), bid + 1);
  const step = Math.max(1, Math.round(halfSpread / 2));
  const quotes: Quote[] = [];
  for (let level = 0; level < levels; level += 1) {
    const quantity = view.size * (level + 1);
    const below = bid - level * step;
    if (surplus < 2 && below > 0) quotes.push({ side: 'BUY', price: below, quantity });
    if (surplus > -0.9) quotes.push({ side: 'SELL', price: ask + level * step, quantity });
  }
  return quotes;
}
