import type { Rejection } from '../../../kernel/rejection.ts';
import { addProduct, parseWhole, scale } from '../../../lib/whole.ts';
import { OrderTooSmall, toRejection } from '../rejections.ts';
import { firstOf, oppositeOf } from './book.ts';
import { smallestLots } from './charge.ts';
import type { MarketSession } from './session.ts';
import type { Taker } from './trade.ts';
import { toPrice, toQuantity } from './units.ts';

/**
 * Why an order is too small: all of it, what was filled before included, comes to less than a minor
 * unit at its limit, else at its stop, else at the best price of the other side. Null: it is not.
 */
export function sizeRejection(
  market: MarketSession,
  order: Taker,
  stop: number | null = null,
): Rejection | null {
  const { units } = market;
  // Every lot comes to a whole minor unit at least.
  if (units.isExact) return null;
  const best = () => firstOf(oppositeOf(market.book(), order.side))?.price ?? null;
  const price = order.limit ?? stop ?? best();
  if (price === null) return null;
  const value = addProduct(parseWhole(order.value), price, order.leaves);
  if (scale(value, units.cash, 'DOWN') > 0n) return null;
  const data = {
    quantity: toQuantity(order.filled + order.leaves, units),
    price: toPrice(price, units),
    smallestQuantity: toQuantity(Number(smallestLots(units, price)), units),
  };
  const { currency } = units.instrument;
  const message = `${data.quantity} at ${data.price} come to less than a minor unit of ${currency}: the smallest quantity at this price is ${data.smallestQuantity}`;
  return toRejection(OrderTooSmall, message, data);
}
