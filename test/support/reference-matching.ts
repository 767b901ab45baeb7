import Big from 'big.js';
import {
  type Account,
  accrualOf,
  cashOf,
  crosses,
  feesOf,
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

/** The state of the reference, changed in place. */
export interface Market {
  readonly instruments: Map<string, Instrument>;
  readonly accounts: Map<string, Account>;
  /** In the order of placing, including finished orders. */
  readonly orders: Order[];
  readonly trades: Trade[];
  arrivals: number;
  now: string;
  /** A fill-or-kill order never trades with more resting orders than this. */
  readonly wholeFillsMax: number;
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

/** The reserved cash of an account, which is that of its orders. */
export function heldCash({ orders }: Market, { accountId }: Pick<Order, 'accountId'>): Big {
  return sumOf(orders.filter((order) => order.accountId === accountId).map(({ held }) => held));
}

/** The reserved shares of an account: the open quantities of its orders to sell. */
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

/** What a buy with a limit still needs: the open quantity at that price, with the higher fee. */
export function needOf(market: Market, order: Order): Big {
  if (order.side === 'SELL' || order.limit === null) return Big(0);
  const worth = order.limit.times(leavesOf(order));
  const instrument = instrumentOf(market, order);
  const [maker, taker] = [
    accrualOf(instrument, worth, 'maker'),
    accrualOf(instrument, worth, 'taker'),
  ];
  const { amount, fee } = chargeOf(instrument, order, worth, maker.gt(taker) ? maker : taker);
  return amount.plus(fee);
}

/** What an order pays or receives for additional value and fees. */
function chargeOf(instrument: Instrument, order: Order, worth: Big, accrual: Big) {
  const { side, value, accrued } = order;
  const cash = (total: Big) => cashOf(instrument, side, total);
  const fees = (total: Big) => feesOf(instrument, total);
  return {
    amount: cash(value.plus(worth)).minus(cash(value)),
    fee: fees(accrued.plus(accrual)).minus(fees(accrued)),
  };
}

/** Whether an order totals less than a minor unit at its limit, stop or the best price. */
export function isTooSmall(market: Market, order: Order, stop: Big | null): boolean {
  const [best] = counterparts(market, { ...order, limit: null });
  const price = order.limit ?? stop ?? best?.limit ?? null;
  if (price === null) return false;
  const worth = price.times(leavesOf(order)).plus(order.value);
  return cashOf(instrumentOf(market, order), 'SELL', worth).eq(0);
}

export function end(order: Order, status: Order['status'], reason: string | null = null): void {
  order.status = status;
  order.reason = reason;
  order.held = Big(0);
}

export const isOver = ({ now }: Market, { expiresAt }: Order) =>
  expiresAt !== null && expiresAt <= now;

/** The resting orders with which an order could trade, by priority. */
export function counterparts(
  { orders }: Market,
  { symbol, side, limit }: Pick<Order, 'symbol' | 'side' | 'limit'>,
): Order[] {
  return orders
    .filter((other) => other.symbol === symbol && other.side !== side && isResting(other))
    .filter((other) => limit === null || crosses(side, limit, known(other.limit)))
    .sort((a, b) => comparePrice(side, a, b) || a.arrival - b.arrival);
}

/** Trades an order, then lets it rest or ends it; returns the prices of its trades. */
export function enter(market: Market, order: Order): Big[] {
  order.status = 'ENTERING';
  // It pays from all free cash of its account, including what was reserved for it.
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
  order.held = needOf(market, order);
  order.status = order.filled.gt(0) ? 'PARTIALLY_FILLED' : 'NEW';
}

function expireInTheWayOf(market: Market, order: Order): void {
  const leaves = leavesOf(order);
  let left = order.side === 'SELL' ? least(leaves, freeShares(market, order)) : leaves;
  let met = 0;
  for (const other of counterparts(market, order)) {
    if (left.lte(0)) return;
    if (order.timeInForce === 'FOK' && met >= market.wholeFillsMax) return;
    if (!isOver(market, other)) met += 1;
    if (isOver(market, other)) end(other, 'EXPIRED');
    else if (other.accountId === order.accountId) return;
    else left = left.minus(leavesOf(other));
  }
}

/**
 * Why an order cannot be filled completely, tried on a copy of the market. The market does not look
 * beyond the largest number of fills, so what stands behind them is not a reason.
 */
function findHindrance(market: Market, order: Order): string | null {
  const copy = copyOf(market);
  const hindrance = tradeOn(copy, known(findOrder(copy, order.id)));
  const fills = copy.trades.length - market.trades.length;
  return fills > market.wholeFillsMax ? 'TOO_MANY_FILLS' : hindrance;
}

/** An incoming order and a resting one. */
interface Meeting {
  readonly order: Order;
  readonly other: Order;
}

/** Trades as much as possible; returns why the rest is canceled, null if it rests. */
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
    if (quantity.gt(0)) trade(market, { order, other }, quantity);
    if (quantity.lt(wanted)) return 'INSUFFICIENT_FUNDS';
  }
  return null;
}

function reasonOfRest({ timeInForce, limit }: Order): string | null {
  if (timeInForce === 'IOC' || timeInForce === 'FOK') return timeInForce;
  return limit === null ? 'NO_LIQUIDITY' : null;
}

/** The largest quantity that an order to buy can pay for, tried lot by lot. */
function payable(market: Market, { order, other }: Meeting, wanted: Big): Big {
  const instrument = instrumentOf(market, order);
  const cash = freeCash(market, order);
  for (let quantity = wanted; quantity.gt(0); quantity = quantity.minus(instrument.lotSize)) {
    const worth = known(other.limit).times(quantity);
    const { amount, fee } = chargeOf(
      instrument,
      order,
      worth,
      accrualOf(instrument, worth, 'taker'),
    );
    if (amount.plus(fee).lte(cash)) return quantity;
  }
  return Big(0);
}

/** Trades at the price of the resting order, which pays the maker's fee. */
function trade(market: Market, { order, other }: Meeting, quantity: Big): void {
  const price = known(other.limit);
  const [buyer, seller] = order.side === 'BUY' ? [order, other] : [other, order];
  const roleOf = (side: Order) => (side === order ? 'taker' : 'maker');
  const bought = settle(market, buyer, { quantity, price, role: roleOf(buyer) });
  const sold = settle(market, seller, { quantity, price, role: roleOf(seller) });
  if (leavesOf(other).eq(0)) end(other, 'FILLED');
  else other.status = 'PARTIALLY_FILLED';
  market.trades.push({
    symbol: order.symbol,
    price,
    quantity,
    buyer: buyer.id,
    seller: seller.id,
    buyAmount: bought.amount,
    buyFee: bought.fee,
    sellAmount: sold.amount,
    sellFee: sold.fee,
  });
  instrumentOf(market, order).last = { price, at: market.now };
}

interface Fill {
  readonly quantity: Big;
  readonly price: Big;
  readonly role: 'maker' | 'taker';
}

function settle(market: Market, order: Order, { quantity, price, role }: Fill) {
  const instrument = instrumentOf(market, order);
  const account = accountOf(market, order);
  const worth = price.times(quantity);
  const accrual = accrualOf(instrument, worth, role);
  const charge = chargeOf(instrument, order, worth, accrual);
  const isBuying = order.side === 'BUY';
  order.filled = order.filled.plus(quantity);
  order.value = order.value.plus(worth);
  order.accrued = order.accrued.plus(accrual);
  // Nothing was reserved for the incoming order, and nothing is kept for later.
  order.held = order.held.gt(0) ? needOf(market, order) : Big(0);
  account.balance = account.balance.plus(isBuying ? charge.amount.neg() : charge.amount);
  const change = isBuying ? quantity : quantity.neg();
  account.shares.set(order.symbol, sharesOf(market, order).plus(change));
  // A seller may have spent earlier proceeds: the fee takes no more than it has.
  const fee = isBuying ? charge.fee : least(charge.fee, freeCash(market, order));
  account.balance = account.balance.minus(fee);
  return { amount: charge.amount, fee };
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
