import Big from 'big.js';

/** The types of the reference market, and the rules that concern one object alone. */

export type Side = 'BUY' | 'SELL';

export interface Instrument {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly makerFeeBps: string;
  readonly takerFeeBps: string;
  /** Fractional digits of its currency. */
  readonly digits: number;
  last: { readonly price: Big; readonly at: string } | null;
  isHalted: boolean;
}

export interface Account {
  balance: Big;
  readonly shares: Map<string, Big>;
  isFrozen: boolean;
}

export interface NewOrder {
  readonly orderId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'MARKET' | 'LIMIT' | 'STOP' | 'STOP_LIMIT';
  readonly timeInForce: 'DAY' | 'GTC' | 'IOC' | 'FOK' | 'GTD';
  readonly quantity: string;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly expiresAt: string | null;
  readonly postOnly: boolean;
}

export interface Order {
  readonly id: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: NewOrder['type'];
  readonly timeInForce: NewOrder['timeInForce'];
  readonly quantity: Big;
  readonly limit: Big | null;
  readonly stop: Big | null;
  readonly expiresAt: string | null;
  readonly postOnly: boolean;
  readonly replaces: string | null;
  /** ENTERING: incoming, neither in the book nor finished. */
  status: Open | 'ENTERING' | 'FILLED' | 'CANCELED' | 'REPLACED' | 'EXPIRED' | 'REJECTED';
  reason: string | null;
  filled: Big;
  /** The sum of price times quantity of its trades. */
  value: Big;
  /** The sum of the fees of its trades, not rounded. */
  accrued: Big;
  /** The cash reserved for it. */
  held: Big;
  readonly placedAt: string;
  /** The priority: of two orders the one with the smaller number is first. */
  arrival: number;
}

type Open = 'HELD' | 'NEW' | 'PARTIALLY_FILLED';

export interface Trade {
  readonly symbol: string;
  readonly price: Big;
  readonly quantity: Big;
  readonly buyAmount: Big;
  readonly sellAmount: Big;
  /** The orders. */
  readonly buyer: string;
  readonly seller: string;
  readonly buyFee: Big;
  readonly sellFee: Big;
}

export function openOrder(wanted: NewOrder, now: string): Order {
  const { orderId, limitPrice, stopPrice, timeInForce } = wanted;
  const { accountId, symbol, side, type, postOnly } = wanted;
  return {
    id: orderId,
    accountId,
    symbol,
    side,
    type,
    timeInForce,
    postOnly,
    quantity: Big(wanted.quantity),
    limit: limitPrice === null ? null : Big(limitPrice),
    stop: stopPrice === null ? null : Big(stopPrice),
    expiresAt: timeInForce === 'DAY' ? endOfDay(now) : wanted.expiresAt,
    replaces: null,
    status: 'ENTERING',
    reason: null,
    arrival: 0,
    filled: Big(0),
    value: Big(0),
    accrued: Big(0),
    held: Big(0),
    placedAt: now,
  };
}

export function isOpen({ status }: { readonly status: string }): boolean {
  return status === 'HELD' || status === 'NEW' || status === 'PARTIALLY_FILLED';
}

/** The open quantity of an open or incoming order. */
export function leavesOf({ quantity, filled }: Order): Big {
  return quantity.minus(filled);
}

export function crosses(side: Side, limit: Big, price: Big): boolean {
  return side === 'BUY' ? price.lte(limit) : price.gte(limit);
}

/** The total that an order has paid or received, rounded against its owner. */
export function cashOf({ digits }: Instrument, side: Side, worth: Big): Big {
  return worth.round(digits, side === 'BUY' ? Big.roundUp : Big.roundDown);
}

/** The total fees that an order has paid, rounded half up. */
export function feesOf({ digits }: Instrument, accrued: Big): Big {
  return accrued.round(digits, Big.roundHalfUp);
}

/** The fee for a value, not rounded. */
export function accrualOf(instrument: Instrument, worth: Big, role: 'maker' | 'taker'): Big {
  const rate = role === 'maker' ? instrument.makerFeeBps : instrument.takerFeeBps;
  return worth.times(rate).times('0.0001');
}

export function isWhole(value: string, step: string): boolean {
  return Big(value).gt(0) && Big(value).mod(step).eq(0);
}

export function least(a: Big, b: Big): Big {
  return a.lt(b) ? a : b;
}

function endOfDay(time: string): string {
  const day = Date.parse(`${time.slice(0, 10)}T00:00:00.000Z`) + 24 * 3_600_000;
  return new Date(day).toISOString().replace('Z', '000Z');
}

export function sumOf(amounts: readonly Big[]): Big {
  return amounts.reduce((sum, amount) => sum.plus(amount), Big(0));
}

export function known<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error('the value is missing');
  return value;
}
