import type { Quote, QuoteSide } from './quotes.ts';

/** An order of one's own that rests in the book; its quantity is what of it is still open. */
export interface QuotedOrder extends Quote {
  readonly id: string;
  readonly filled: number;
}

/** A step from the orders that there are to those that are wanted. */
export type Change =
  | { readonly kind: 'place'; readonly quote: Quote }
  | { readonly kind: 'replace'; readonly order: QuotedOrder; readonly quote: Quote }
  | { readonly kind: 'cancel'; readonly order: QuotedOrder };

/**
 * The changes that bring a maker's orders to the wanted ones, in an order in which none of them ever
 * meets one of its own: cancels first; then, of the side from which the market moves away, the
 * orders that would be in the way of the other side.
 *
 * An order stays as it is, and keeps its place in the queue, while its price is within `tolerance`
 * ticks of a wanted one and half of the quantity is left.
 */
export function planChanges(
  resting: readonly QuotedOrder[],
  wanted: readonly Quote[],
  tolerance: number,
): readonly Change[] {
  const [bid, ask] = (['BUY', 'SELL'] as const).map((side) => sideOf(wanted, side)[0]?.price);
  // What stays must not come near enough to meet what comes from the other side.
  const gap = bid === undefined || ask === undefined ? 0 : Math.floor((ask - bid - 1) / 2);
  const changes = (['BUY', 'SELL'] as const).flatMap((side) =>
    planSide(sideOf(resting, side), sideOf(wanted, side), Math.min(tolerance, gap)),
  );
  const cancels = changes.filter(({ kind }) => kind === 'cancel');
  const retreats = changes.filter((change) => isRetreat(change));
  const others = changes.filter((change) => change.kind !== 'cancel' && !isRetreat(change));
  return [...cancels, ...retreats, ...others];
}

/** One side, the best price first. */
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
  // A replacement would take the filled shares along in its quantity, more of them each time.
  return [
    { kind: 'cancel', order },
    { kind: 'place', quote },
  ];
}

/** Whether it moves an order away from the other side. */
function isRetreat(change: Change): boolean {
  if (change.kind !== 'replace') return false;
  const { order, quote } = change;
  return order.side === 'BUY' ? quote.price < order.price : quote.price > order.price;
}
