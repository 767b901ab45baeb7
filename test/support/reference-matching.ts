import Big from 'big.js';
import {
  type Account,
  amountOf,
  crosses,
  feeOf,
  type Instrument,
  isOpen,
  known,
  least,
  leavesOf,
  type Order,
  type Side,
  sumOf,
  type Trade,
} from './reference-terms.ts';

/** All that the reference knows; changed in place. */
export interface Market {
  readonly instruments: Map<string, Instrument>;
  readonly accounts: Map<string, Account>;
  /** As they were placed, the finished ones too. */
  readonly orders: Order[];
  readonly trades: Trade[];
  arrivals: number;
  now: string;
}

type InMarket = Pick<Order, 'accountId' | 'symbol'>;

export const instrumentOf = (market: Market, { symbol }: Pick<Order, 'symbol'>) =>
  known(market.instruments.get(symbol));

export const accountOf = (market: Market, { accountId }: Pick<Order, 'accountId'>) =>
  known(market.accounts.get(accountId));

export const findOrder = ({ orders }: Market, id: string) =>
  orders.find((order) => order.id === id) ?? null;

export const sharesOf = (market: Market, of: InMarket) =>
  accountOf(market, of).shares.get(of.symbol) ?? Big(0);

/** Cash that an account holds is what its orders hold. */
export function heldCash({ orders }: Market, { accountId }: Pick<Order, 'accountId'>): Big {
  return sumOf(orders.filter((order) => order.accountId === accountId).map(({ held }) => held));
}

/** Shares that an account holds are what its open orders have still to sell. */
export function heldShares({ orders }: Market, { accountId, symbol }: InMarket): Big {
  const sells = orders.filter(
    (order) => order.accountId === accountId && order.symbol === symbol && order.side === 'SELL',
  );
  return sumOf(sells.filter(isOpen).map(leavesOf));
}

export const freeCash = (market: Market, of: Pick<Order, 'accountId'>) =>
  accountOf(market, of).balance.minus(heldCash(market, of));

export const freeShares = (market: Market, of: InMarket) =>
  sharesOf(market, of).minus(heldShares(market, of));

/** What a buy with a limit needs: its price times quantity, and the greater of the fees of that. */
export function needOf(market: Market, order: Order, quantity = leavesOf(order)): Big {
  if (order.side === 'SELL' || order.limit === null) return Big(0);
  const instrument = instrumentOf(market, order);
  const worth = order.limit.times(quantity);
  const [maker, taker] = [feeOf(instrument, worth, 'maker'), feeOf(instrument, worth, 'taker')];
  return amountOf(instrument, worth).plus(maker.gt(taker) ? maker : taker);
}

export function end(order: Order, status: Order['status'], reason: string | null = null): void {
  order.status = status;
  order.reason = reason;
  order.held = Big(0);
}

export const isOver = ({ now }: Market, { expiresAt }: Order) =>
  expiresAt !== null && expiresAt <= now;

/** Orders in the book that an order could trade with, the one that is first in turn first. */
export function counterparts(
  { orders }: Market,
  { symbol, side, limit }: Pick<Order, 'symbol' | 'side' | 'limit'>,
): Order[] {
  return orders
    .filter((other) => other.symbol === symbol && other.side !== side && isResting(other))
    .filter((other) => limit === null || crosses(side, limit, known(other.limit)))
    .sort((a, b) => comparePrice(side, a, b) || a.arrival - b.arrival);
}

/** Trades an order as far as it goes and lets it rest or ends it; gives the prices of its trades. */
export function enter(market: Market, order: Order): Big[] {
  order.status = 'ENTERING';
  // It pays from all that its account has, what was held for it included.
  order.held = Big(0);
  market.arrivals += 1;
  order.arrival = market.arrivals;
  expireInTheWayOf(market, order);
  const before = market.trades.length;
  const hindrance = order.timeInForce === 'FOK' ? findHindrance(market, order) : null;
  const reason = hindrance ?? tradeOn(market, order);
  if (leavesOf(order).eq(0)) end(order, 'FILLED');
  else if (reason !== null) end(order, 'CANCELED', reason);
  else rest(market, order);
  return market.trades.slice(before).map(({ price }) => price);
}

function rest(market: Market, order: Order): void {
  order.held = least(needOf(market, order), freeCash(market, order));
  order.status = order.filled.gt(0) ? 'PARTIALLY_FILLED' : 'NEW';
}

function expireInTheWayOf(market: Market, order: Order): void {
  const leaves = leavesOf(order);
  let left = order.side === 'SELL' ? least(leaves, freeShares(market, order)) : leaves;
  for (const other of counterparts(market, order)) {
    if (left.lte(0)) return;
    if (isOver(market, other)) end(other, 'EXPIRED');
    else if (other.accountId === order.accountId) return;
    else left = left.minus(leavesOf(other));
  }
}

/**
 * What keeps an order from being filled whole: it is tried on a copy of the market. Of a try that
 * fails only who could not pay is remembered.
 */
function findHindrance(market: Market, order: Order): string | null {
  const copy = copyOf(market);
  const hindrance = tradeOn(copy, known(findOrder(copy, order.id)));
  const unpaid = copy.orders.filter(({ reason }) => reason === 'INSUFFICIENT_FUNDS');
  for (const { id } of unpaid) {
    const other = known(findOrder(market, id));
    if (isOpen(other)) end(other, 'CANCELED', 'INSUFFICIENT_FUNDS');
  }
  return hindrance;
}

/** An order that comes in, and one that rests. */
interface Meeting {
  readonly order: Order;
  readonly other: Order;
}

/** Trades until nothing more is to be had; gives why what is left is canceled, null if it rests. */
function tradeOn(market: Market, order: Order): string | null {
  while (leavesOf(order).gt(0)) {
    const [other] = counterparts(market, order);
    const left = leavesOf(order);
    const deliverable = order.side === 'SELL' ? least(left, freeShares(market, order)) : left;
    if (deliverable.lte(0)) return 'INSUFFICIENT_SHARES';
    if (other === undefined) return reasonOfRest(order);
    if (isOver(market, other)) {
      end(other, 'EXPIRED');
      continue;
    }
    if (other.accountId === order.accountId) return 'SELF_TRADE';
    const wanted = least(deliverable, leavesOf(other));
    const quantity = order.side === 'BUY' ? payable(market, { order, other }, wanted) : wanted;
    if (!canPay(market, { order, other }, quantity)) {
      end(other, 'CANCELED', 'INSUFFICIENT_FUNDS');
      continue;
    }
    if (quantity.gt(0)) trade(market, { order, other }, quantity);
    if (quantity.lt(wanted)) return 'INSUFFICIENT_FUNDS';
  }
  return null;
}

function reasonOfRest({ timeInForce, limit }: Order): string | null {
  if (timeInForce === 'IOC' || timeInForce === 'FOK') return timeInForce;
  return limit === null ? 'NO_LIQUIDITY' : null;
}

/** The most that an order to buy can pay for, tried out lot by lot. */
function payable(market: Market, { order, other }: Meeting, wanted: Big): Big {
  const instrument = instrumentOf(market, order);
  const cash = freeCash(market, order);
  for (let quantity = wanted; quantity.gt(0); quantity = quantity.minus(instrument.lotSize)) {
    const worth = known(other.limit).times(quantity);
    const cost = amountOf(instrument, worth).plus(feeOf(instrument, worth, 'taker'));
    if (cost.lte(cash)) return quantity;
  }
  return Big(0);
}

/** Whether a buyer that rests has the amount; by rounding its hold can be a unit short. */
function canPay(market: Market, { order, other }: Meeting, quantity: Big): boolean {
  if (order.side === 'BUY') return true;
  const amount = amountOf(instrumentOf(market, order), known(other.limit).times(quantity));
  const released = other.held.minus(heldAfter(market, other, quantity));
  return freeCash(market, other).plus(released).gte(amount);
}

function heldAfter(market: Market, order: Order, quantity: Big): Big {
  return least(order.held, needOf(market, order, leavesOf(order).minus(quantity)));
}

/** At the price of the order that rests, which pays as the maker. */
function trade(market: Market, { order, other }: Meeting, quantity: Big): void {
  const instrument = instrumentOf(market, order);
  const price = known(other.limit);
  const worth = price.times(quantity);
  const amount = amountOf(instrument, worth);
  const [buyer, seller] = order.side === 'BUY' ? [order, other] : [other, order];
  settle(market, buyer, { quantity, worth, cash: amount.neg(), shares: quantity });
  settle(market, seller, { quantity, worth, cash: amount, shares: quantity.neg() });
  const pay = (side: Order) =>
    payFee(market, side, feeOf(instrument, worth, side === order ? 'taker' : 'maker'));
  const [buyFee, sellFee] = [pay(buyer), pay(seller)];
  if (leavesOf(other).eq(0)) end(other, 'FILLED');
  else other.status = 'PARTIALLY_FILLED';
  const sides = { buyer: buyer.id, seller: seller.id, buyFee, sellFee };
  market.trades.push({ symbol: order.symbol, price, quantity, amount, ...sides });
  instrument.last = { price, at: market.now };
}

interface Settlement {
  readonly quantity: Big;
  readonly worth: Big;
  readonly cash: Big;
  readonly shares: Big;
}

function settle(market: Market, order: Order, { quantity, worth, cash, shares }: Settlement): void {
  order.held = heldAfter(market, order, quantity);
  order.filled = order.filled.plus(quantity);
  order.value = order.value.plus(worth);
  const account = accountOf(market, order);
  account.balance = account.balance.plus(cash);
  account.shares.set(order.symbol, sharesOf(market, order).plus(shares));
}

/** A fee takes no more than there is, and nothing that is held. */
function payFee(market: Market, order: Order, fee: Big): Big {
  const paid = least(fee, freeCash(market, order));
  const account = accountOf(market, order);
  account.balance = account.balance.minus(paid);
  return paid;
}

function isResting({ status }: Order): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED';
}

function comparePrice(side: Side, a: Order, b: Order): number {
  const order = known(a.limit).cmp(known(b.limit));
  return side === 'BUY' ? order : -order;
}

function copyOf({ instruments, accounts, orders, trades, ...rest }: Market): Market {
  return {
    ...rest,
    instruments: new Map([...instruments].map(([symbol, it]) => [symbol, { ...it }])),
    accounts: new Map([...accounts].map(([id, it]) => [id, { ...it, shares: new Map(it.shares) }])),
    orders: orders.map((order) => ({ ...order })),
    trades: [...trades],
  };
}
