import type { Quote, QuoteSide } from './quotes.ts';

/** A maker's order that rests in the book; its quantity is the open part. */
export interface QuotedOrder extends Quote {
  readonly id: string;
  readonly filled: number;
}

/** A step from the resting orders to the wanted ones. */
export type Change =
  | { readonly kind: 'place'; readonly quote: Quote }
  | { readonly kind: 'replace'; readonly order: QuotedOrder; readonly quote: Quote }
  | { readonly kind: 'cancel'; readonly order: QuotedOrder };

/**
 * The changes that turn a maker's orders into the wanted ones. They are sorted so that the maker's
 * orders never meet each other: first cancels, then orders that move away from the other side.
 *
 * An order does not change, and so keeps its priority, while its price is within `tolerance` ticks
 * of a wanted one and at least half of the quantity is left.
 */
export function planChanges(
  resting: readonly QuotedOrder[],
  wanted: readonly Quote[],
  tolerance: number,
): readonly Change[] {
  const [bid, ask] = (['BUY', 'SELL'] as const).map((side) => sideOf(wanted, side)[0]?.price);
  // An order that stays must not be close enough to meet a new order of the other side.
  const gap = bid === undefined || ask === undefined ? 0 : Math.floor((ask - bid - 1) / 2);
  const changes = (['BUY', 'SELL'] as const).flatMap((side) =>
    planSide(sideOf(resting, side), sideOf(wanted, side), Math.min(tolerance, gap)),
  );
  const cancels = changes.filter(({ kind }) => kind === 'cancel');
  const retreats = changes.filter((change) => isRetreat(change));
  const others = changes.filter((change) => change.kind !== 'cancel' && !isRetreat(change));
  return [...cancels, ...retreats, ...others];
}

/** The orders of one side, the best price first. */
function sideOf<Some extends Quote>(quotes: readonly Some[], side: QuoteSide): readonly Some[] {
  const sign = side === 'BUY' ? -1 : 1;
  return quotes.filter((quote) => quote.side === side).sort((a, b) => sign * (a.price - b.price));
}

function planSide(
  orders: readonly QuotedOrder[],
  quotes: readonly Quote[],
  tolerance: number,
): readonly Change[] {
  const spare = orders.slice(quotes.length);
  const changes = quotes.flatMap((quote, level) => planLevel(orders[level], quote, tolerance));
  return [...spare.map((order) => ({ kind: 'cancel' as const, order })), ...changes];
}

function planLevel(
  order: QuotedOrder | undefined,
  quote: Quote,
  tolerance: number,
): readonly Change[] {
  if (order === undefined) return [{ kind: 'place', quote }];
  const isNear = Math.abs(order.price - quote.price) <= tolerance;
  if (isNear && order.quantity * 2 >= quote.quantity) return [];
  if (order.filled === 0) return [{ kind: 'replace', order, quote }];
  // The quantity of a replacement would include the filled shares, more of them each time.
  return [
    { kind: 'cancel', order },
    { kind: 'place', quote },
  ];
}

/** Whether the change moves an order away from the other side. */
function isRetreat(change: Change): boolean {
  if (change.kind !== 'replace') return false;
  const { order, quote } = change;
  return order.side === 'BUY' ? quote.price < order.price : quote.price > order.price;
}
