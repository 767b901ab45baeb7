import type { PlaceOrder } from '../../src/contexts/trading/commands/place-order.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';

const sentence =
  /^(\w+): (\w+) (buys|sells) (\S+)(?: (\w+))??(?: at (\S+))?(?: stop (\S+))?(?: (DAY|GTC|IOC|FOK|GTD) ?(\d+s)?)?( postOnly)?$/;

/**
 * Parses an order in words, so that a test is readable: `o1: ann buys 10 at 9.50`. Optionally
 * ` stop 9.40` follows, then a time in force (default: GTC; `GTD 60s` ends a minute after `now`),
 * then ` postOnly`. The instrument (default: ABC) comes after the quantity.
 */
export function parseOrder(text: string, now: string): PlaceOrder & { readonly orderId: string } {
  const [, orderId, accountId, verb, quantity, symbol = 'ABC', limit, stop, tif, life, postOnly] =
    sentence.exec(text) ?? [];
  if (orderId === undefined || accountId === undefined || quantity === undefined) {
    throw new Error(`not an order: ${text}`);
  }
  const timeInForce = (tif ?? 'GTC') as PlaceOrder['timeInForce'];
  return {
    orderId,
    accountId,
    symbol,
    quantity,
    timeInForce,
    clientOrderId: null,
    side: verb === 'buys' ? 'BUY' : 'SELL',
    type: typeOf(limit, stop),
    limitPrice: limit ?? null,
    stopPrice: stop ?? null,
    expiresAt: life === undefined ? null : addMicroseconds(now, Number.parseInt(life, 10) * 1e6),
    postOnly: postOnly !== undefined,
  };
}

function typeOf(limit: string | undefined, stop: string | undefined): PlaceOrder['type'] {
  if (stop === undefined) return limit === undefined ? 'MARKET' : 'LIMIT';
  return limit === undefined ? 'STOP' : 'STOP_LIMIT';
}
