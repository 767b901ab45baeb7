export type QuoteSide = 'BUY' | 'SELL';

/** An order to buy or sell at a price: in ticks and shares. */
export interface Quote {
  readonly side: QuoteSide;
  readonly price: number;
  readonly quantity: number;
}

export interface QuoteView {
  /** Ticks, not rounded. */
  readonly fairValue: number;
  readonly halfSpreadBps: number;
  readonly levels: number;
  /** Shares of the level next to the fair value; each further one is larger. */
  readonly size: number;
  /** How much more than at first is held, as a share of it: 0.5 is half as much again, -1 nothing. */
  readonly surplus: number;
}

/**
 * What a maker wants to have in the book: levels on both sides of the fair value, never at one price.
 *
 * Who holds more than at first quotes lower, and so sells sooner than it buys; who has three times
 * the shares buys no more, who has none left cannot sell: that keeps every inventory in bounds.
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
