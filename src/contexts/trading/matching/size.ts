import type { Rejection } from '../../../kernel/rejection.ts';
import { addProduct, parseWhole, scale } from '../../../lib/whole.ts';
import { OrderTooSmall, refusal } from '../rejections.ts';
import { firstOf, oppositeOf } from './book.ts';
import { smallestLots } from './charge.ts';
import type { Market } from './session.ts';
import type { Taker } from './trade.ts';
import { toPrice, toQuantity } from './units.ts';

/**
 * Why an order is too small: all of it, what was filled before included, comes to less than a minor
 * unit at its limit, else at its stop, else at the best price of the other side. Null: it is not.
 */
export function sizeRefusal(
  market: Market,
  order: Taker,
  stop: number | null = null,
): Rejection | null {
  const { terms } = market;
  // Every lot comes to a whole minor unit at least.
  if (terms.isExact) return null;
  const best = () => firstOf(oppositeOf(market.book(), order.side))?.price ?? null;
  const price = order.limit ?? stop ?? best();
  if (price === null) return null;
  const value = addProduct(parseWhole(order.value), price, order.leaves);
  if (scale(value, terms.cash, 'DOWN') > 0n) return null;
  const data = {
    quantity: toQuantity(order.filled + order.leaves, terms),
    price: toPrice(price, terms),
    smallestQuantity: toQuantity(Number(smallestLots(terms, price)), terms),
  };
  const { currency } = terms.instrument;
  const message = `${data.quantity} at ${data.price} come to less than a minor unit of ${currency}: the smallest quantity at this price is ${data.smallestQuantity}`;
  return refusal(OrderTooSmall, message, data);
}
