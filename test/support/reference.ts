import Big from 'big.js';
import {
  accountOf,
  counterparts,
  end,
  enter,
  findOrder,
  freeCash,
  freeShares,
  heldCash,
  heldShares,
  instrumentOf,
  isOver,
  isTooSmall,
  type Market,
  needOf,
  sharesOf,
} from './reference-matching.ts';
import {
  type Account,
  type Instrument,
  isOpen,
  isWhole,
  known,
  leavesOf,
  type NewOrder,
  type Order,
  openOrder,
  type Trade,
} from './reference-terms.ts';

/** The changes that a replace requests; null: no change. */
export interface Changes {
  readonly to: string;
  readonly quantity: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
}

/** A second market, directly from the rules: each step searches and sorts everything again. */
export interface Reference {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly orders: readonly Order[];
  readonly trades: readonly Trade[];
  /** Sets the time of commands until the next call. */
  setTime(time: string): void;
  list(instrument: Omit<Instrument, 'last' | 'isHalted'>): void;
  open(accountId: string): void;
  setFrozen(accountId: string, isFrozen: boolean): Code;
  depositCash(accountId: string, amount: string): Code;
  withdrawCash(accountId: string, amount: string): Code;
  depositShares(accountId: string, symbol: string, quantity: string): Code;
  place(wanted: NewOrder): Code;
  cancel(orderId: string): Code;
  replace(orderId: string, changes: Changes): Code;
  expire(orderId: string): Code;
  price(symbol: string, price: string, occurredAt: string | null): Code;
  setHalted(symbol: string, isHalted: boolean): Code;
  heldCash(accountId: string): Big;
  heldShares(accountId: string, symbol: string): Big;
  lastPrice(symbol: string): Big | null;
  /** Ids of open orders by priority: bids, asks, and orders that wait for a trigger price. */
  turns(symbol: string): readonly string[];
}

/** The code of a rejection; null: the command is accepted. */
type Code = string | null;

export function createReference(wholeFillsMax: number): Reference {
  const market: Market = {
    instruments: new Map(),
    accounts: new Map(),
    orders: [],
    trades: [],
    arrivals: 0,
    now: '',
    wholeFillsMax,
  };
  const { instruments, accounts } = market;
  return {
    accounts,
    orders: market.orders,
    trades: market.trades,
    heldCash: (accountId) => heldCash(market, { accountId }),
    heldShares: (accountId, symbol) => heldShares(market, { accountId, symbol }),
    lastPrice: (symbol) => instrumentOf(market, { symbol }).last?.price ?? null,
    turns(symbol) {
      const held = market.orders
        .filter((order) => order.symbol === symbol && order.status === 'HELD')
        .sort((a, b) => a.arrival - b.arrival);
      const queues = [
        counterparts(market, { symbol, side: 'SELL', limit: null }),
        counterparts(market, { symbol, side: 'BUY', limit: null }),
        held,
      ];
      return queues.map((orders) => orders.map(({ id }) => id).join(' '));
    },
    setTime(time) {
      market.now = time;
    },
    list(instrument) {
      instruments.set(instrument.symbol, { ...instrument, last: null, isHalted: false });
    },
    ...accountCommands(market),
    place: (wanted) => place(market, wanted),
    replace: (orderId, changes) => replace(market, orderId, changes),
    cancel(orderId) {
      const order = findOrder(market, orderId);
      if (order === null) return 'ORDER_NOT_FOUND';
      if (!isStillOpen(market, order)) return 'ORDER_NOT_OPEN';
      end(order, 'CANCELED');
      return null;
    },
    expire(orderId) {
      const order = findOrder(market, orderId);
      if (order === null) return 'ORDER_NOT_FOUND';
      isStillOpen(market, order);
      return null;
    },
    price(symbol, price, occurredAt) {
      const instrument = instrumentOf(market, { symbol });
      const at = occurredAt ?? market.now;
      if (instrument.last !== null && at < instrument.last.at) return null;
      instrument.last = { price: Big(price), at };
      if (!instrument.isHalted) enterAll(market, reachedBy(market, symbol, instrument.last));
      return null;
    },
    setHalted(symbol, isHalted) {
      const instrument = instrumentOf(market, { symbol });
      instrument.isHalted = isHalted;
      const { last } = instrument;
      if (!isHalted && last !== null) enterAll(market, reachedBy(market, symbol, last));
      return null;
    },
  };
}

type AccountCommands = Pick<
  Reference,
  'open' | 'setFrozen' | 'depositCash' | 'withdrawCash' | 'depositShares'
>;

function accountCommands(market: Market): AccountCommands {
  return {
    open(accountId) {
      market.accounts.set(accountId, { balance: Big(0), shares: new Map(), isFrozen: false });
    },
    setFrozen(accountId, isFrozen) {
      accountOf(market, { accountId }).isFrozen = isFrozen;
      const open = market.orders.filter((order) => order.accountId === accountId && isOpen(order));
      for (const order of isFrozen ? open : []) {
        if (isStillOpen(market, order)) end(order, 'CANCELED', 'ACCOUNT_FROZEN');
      }
      return null;
    },
    depositCash(accountId, amount) {
      const account = accountOf(market, { accountId });
      account.balance = account.balance.plus(amount);
      return null;
    },
    withdrawCash(accountId, amount) {
      const account = accountOf(market, { accountId });
      if (account.isFrozen) return 'ACCOUNT_NOT_OPEN';
      if (freeCash(market, { accountId }).lt(amount)) return 'INSUFFICIENT_FUNDS';
      account.balance = account.balance.minus(amount);
      return null;
    },
    depositShares(accountId, symbol, quantity) {
      if (!isWhole(quantity, instrumentOf(market, { symbol }).lotSize)) return 'INVALID_QUANTITY';
      const shares = sharesOf(market, { accountId, symbol }).plus(quantity);
      accountOf(market, { accountId }).shares.set(symbol, shares);
      return null;
    },
  };
}

function place(market: Market, wanted: NewOrder): Code {
  const { tickSize, lotSize } = instrumentOf(market, wanted);
  if (findOrder(market, wanted.orderId) !== null) return 'ORDER_ALREADY_EXISTS';
  if (!arePrices([wanted.limitPrice, wanted.stopPrice], tickSize)) return 'INVALID_PRICE';
  if (!isWhole(wanted.quantity, lotSize)) return 'INVALID_QUANTITY';
  const order = openOrder(wanted, market.now);
  const rejection = rejectionOf(market, order, null) ?? crowdRejectionOf(market, order);
  market.orders.push(order);
  if (rejection !== null) end(order, 'REJECTED', rejection);
  else arrive(market, order);
  return rejection;
}

function replace(market: Market, orderId: string, changes: Changes): Code {
  const { to, quantity, limitPrice, stopPrice } = changes;
  const old = findOrder(market, orderId);
  if (old === null) return 'ORDER_NOT_FOUND';
  if (!isStillOpen(market, old)) return 'ORDER_NOT_OPEN';
  if (findOrder(market, to) !== null) return 'ORDER_ALREADY_EXISTS';
  const { tickSize, lotSize } = instrumentOf(market, old);
  const isWaiting = old.status === 'HELD';
  if (limitPrice !== null && old.limit === null) return 'INVALID_PRICE';
  if (stopPrice !== null && !isWaiting) return 'INVALID_PRICE';
  if (quantity !== null && !isWhole(quantity, lotSize)) return 'INVALID_QUANTITY';
  if (!arePrices([limitPrice, stopPrice], tickSize)) return 'INVALID_PRICE';
  const next = toReplacement(old, changes, market.now);
  const isDone = leavesOf(next).eq(0);
  const rejection = isDone ? null : rejectionOf(market, next, old);
  if (rejection !== null) return rejection;
  const keepsPriority =
    isSame(next.limit, old.limit) &&
    isSame(next.stop, isWaiting ? old.stop : null) &&
    leavesOf(next).lte(leavesOf(old));
  const { status } = old;
  end(old, 'REPLACED');
  market.orders.push(next);
  if (isDone) {
    end(next, 'FILLED');
  } else if (keepsPriority) {
    next.status = status;
    next.held = needOf(market, next);
  } else {
    arrive(market, next);
  }
  return null;
}

/** The new quantity includes filled shares; it is never less than the filled quantity. */
function toReplacement(
  old: Order,
  { to, quantity, limitPrice, stopPrice }: Changes,
  placedAt: string,
): Order {
  const isWaiting = old.status === 'HELD';
  const wanted = Big(quantity ?? old.quantity);
  return {
    ...old,
    id: to,
    replaces: old.id,
    held: Big(0),
    status: 'ENTERING',
    placedAt,
    type: isWaiting ? old.type : 'LIMIT',
    quantity: wanted.lt(old.filled) ? old.filled : wanted,
    limit: limitPrice === null ? old.limit : Big(limitPrice),
    stop: isWaiting ? Big(stopPrice ?? known(old.stop)) : null,
  };
}

/** Why an order is rejected; a replacement may use what the replaced order has reserved. */
function rejectionOf(market: Market, order: Order, old: Order | null): Code {
  if (accountOf(market, order).isFrozen) return 'ACCOUNT_NOT_OPEN';
  if (instrumentOf(market, order).isHalted) return 'INSTRUMENT_HALTED';
  if (isTooSmall(market, order, order.stop)) return 'ORDER_TOO_SMALL';
  const cash = freeCash(market, order).plus(old?.held ?? 0);
  if (needOf(market, order).gt(cash)) return 'INSUFFICIENT_FUNDS';
  const shares = freeShares(market, order).plus(old === null ? 0 : leavesOf(old));
  const isShort = order.side === 'SELL' && leavesOf(order).gt(shares);
  if (order.type !== 'MARKET' && isShort) return 'INSUFFICIENT_SHARES';
  const wouldCross = counterparts(market, order).some((other) => !isOver(market, other));
  return order.postOnly && wouldCross ? 'POST_ONLY_WOULD_CROSS' : null;
}

/** An account has at most a thousand open orders in an instrument. */
function crowdRejectionOf({ orders }: Market, order: Order): Code {
  const isBrief = order.timeInForce === 'IOC' || order.timeInForce === 'FOK';
  if (order.type === 'MARKET' || (order.type === 'LIMIT' && isBrief)) return null;
  const { accountId, symbol } = order;
  const own = orders.filter((it) => it.accountId === accountId && it.symbol === symbol);
  return own.filter(isOpen).length >= 1_000 ? 'TOO_MANY_OPEN_ORDERS' : null;
}

/** Whether an order is open; expires it if its time is over. */
function isStillOpen(market: Market, order: Order): boolean {
  if (isOpen(order) && isOver(market, order)) end(order, 'EXPIRED');
  return isOpen(order);
}

/** A stop order waits for its price; another order enters, then the orders that it triggers. */
function arrive(market: Market, order: Order): void {
  const { last } = instrumentOf(market, order);
  const waits = order.stop !== null && !(last !== null && isReachedBy(order, last.price));
  if (!waits) {
    enterAll(market, waitingFor(market, order.symbol, enter(market, order)));
    return;
  }
  order.status = 'HELD';
  market.arrivals += 1;
  order.arrival = market.arrivals;
  order.held = needOf(market, order);
}

function isReachedBy({ side, stop }: Order, price: Big): boolean {
  return side === 'BUY' ? price.gte(known(stop)) : price.lte(known(stop));
}

/** Orders that one of the prices triggers, in the order of placing. */
function waitingFor({ orders }: Market, symbol: string, prices: readonly Big[]): Order[] {
  return orders
    .filter((order) => order.symbol === symbol && order.status === 'HELD')
    .filter((order) => prices.some((price) => isReachedBy(order, price)))
    .sort((a, b) => a.arrival - b.arrival);
}

/** Orders that a price triggers: those placed by the time at which it occurred. */
function reachedBy(
  market: Market,
  symbol: string,
  { price, at }: { readonly price: Big; readonly at: string },
): Order[] {
  return waitingFor(market, symbol, [price]).filter(({ placedAt }) => placedAt <= at);
}

/** Enters orders one after the other; orders that they trigger queue behind them. */
function enterAll(market: Market, first: readonly Order[]): void {
  const queue = [...first];
  for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
    const prices = enterTriggered(market, order);
    const more = waitingFor(market, order.symbol, prices);
    queue.push(...more.filter((other) => !queue.includes(other)));
  }
}

function enterTriggered(market: Market, order: Order): Big[] {
  if (isOver(market, order)) end(order, 'EXPIRED');
  else if (isTooSmall(market, order, null)) end(order, 'CANCELED', 'ORDER_TOO_SMALL');
  else return enter(market, order);
  return [];
}

function arePrices(prices: readonly (string | null)[], tickSize: string): boolean {
  return prices.every((price) => price === null || isWhole(price, tickSize));
}

function isSame(a: Big | null, b: Big | null): boolean {
  return a === null || b === null ? a === b : a.eq(b);
}
