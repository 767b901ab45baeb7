import type { Rejection } from '../../../kernel/rejection.ts';
import { addProduct, parseWhole, scale } from '../../../lib/whole.ts';
import { OrderTooSmall, toRejection } from '../rejections.ts';
import { firstOf, oppositeOf } from './book.ts';
import { smallestLots } from './charge.ts';
import type { MarketSession } from './session.ts';
import type { Taker } from './trade.ts';
import { toPrice, toQuantity } from './units.ts';

/**
 * Returns the rejection of an order that is too small: the whole order, including what was filled
 * before, is worth less than a minor unit at its limit, else at its stop, else at the best price of
 * the other side. Null if it is not too small, or if there is no price.
 */
export function sizeRejection(
  market: MarketSession,
  order: Taker,
  stop: number | null = null,
): Rejection | null {
  const { units } = market;
  // Every lot is worth at least one minor unit.
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
  const priced = `${data.quantity} at ${data.price}`;
  const tooSmall = `${priced} is worth less than a minor unit of ${currency}`;
  const message = `${tooSmall}: the smallest quantity at this price is ${data.smallestQuantity}`;
  return toRejection(OrderTooSmall, message, data);
}
