import { accountDecider } from '../accounts/account.ts';
import { addValue, type RestingOrder } from './book.ts';
import { availableCash, type Market } from './market.ts';
import type { Fill } from './matching.ts';
import type { Side } from './order.ts';
import { fromMoney, holdOf, toFilledValue, toMoney, toPrice, toQuantity } from './terms.ts';

/** An order that trades on arrival, with what it has come to so far. */
export interface Taker {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  /** Null: at any price. */
  readonly limit: number | null;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** Cash reserved for it, in minor units. */
  readonly held: bigint;
  /** Lots reserved for it. */
  readonly heldLots: number;
}

/** One side of a trade, after it. */
interface Party {
  readonly id: string;
  readonly accountId: string;
  readonly fee: bigint;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** Cash still reserved after it, and what was free with it. */
  readonly held: bigint;
  readonly released: bigint;
  readonly releasedLots: number;
}

/** Records a trade and its settlement in both accounts; gives the incoming order after it. */
export function settle(market: Market, taker: Taker, { maker, lots }: Fill): Taker {
  const { terms } = market;
  const { price } = maker;
  const amount = terms.amount(price, lots);
  const incoming = takerParty(market, taker, price, lots);
  const resting = makerParty(market, maker, lots);
  const [buyer, seller] = taker.side === 'BUY' ? [incoming, resting] : [resting, incoming];
  const buy = { ...buyer, fee: payable(market, buyer, -amount) };
  const sell = { ...seller, fee: payable(market, seller, amount) };
  const { currency } = terms.instrument;
  const tradeId = market.context.newId();
  const money = { amount: toMoney(amount, terms), currency };
  const what = { symbol: market.symbol, price: toPrice(price, terms) };
  const quantity = toQuantity(lots, terms);
  const trade = { tradeId, ...what, quantity, ...money, rounding: 'HALF_UP' };
  market.recordInBook({
    type: 'TradeExecuted',
    data: {
      ...trade,
      aggressor: taker.side,
      buyHeld: toMoney(buy.held, terms),
      buyOrderId: buy.id,
      buyAccountId: buy.accountId,
      buyFee: toMoney(buy.fee, terms),
      buyFilledQuantity: toQuantity(buy.filled, terms),
      buyFilledValue: toFilledValue(buy.value, terms),
      buyLeavesQuantity: toQuantity(buy.leaves, terms),
      sellOrderId: sell.id,
      sellAccountId: sell.accountId,
      sellFee: toMoney(sell.fee, terms),
      sellFilledQuantity: toQuantity(sell.filled, terms),
      sellFilledValue: toFilledValue(sell.value, terms),
      sellLeavesQuantity: toQuantity(sell.leaves, terms),
    },
  });
  const settlement = { tradeId, ...what, quantity, ...money };
  market.recordInAccount(buy.accountId, {
    type: 'PurchaseSettled',
    data: {
      ...settlement,
      orderId: buy.id,
      fee: toMoney(buy.fee, terms),
      released: toMoney(buy.released, terms),
    },
  });
  market.recordInAccount(sell.accountId, {
    type: 'SaleSettled',
    data: {
      ...settlement,
      orderId: sell.id,
      fee: toMoney(sell.fee, terms),
      released: toQuantity(sell.releasedLots, terms),
    },
  });
  const { leaves, filled, value, held } = incoming;
  return {
    ...taker,
    leaves,
    filled,
    value,
    held,
    heldLots: taker.heldLots - incoming.releasedLots,
  };
}

function takerParty({ terms }: Market, taker: Taker, price: number, lots: number): Party {
  const leaves = taker.leaves - lots;
  const held =
    taker.limit === null ? 0n : reservedFor(taker.held, holdOf(terms, taker.limit, leaves));
  return {
    id: taker.id,
    accountId: taker.accountId,
    fee: terms.takerFee(price, lots),
    leaves,
    filled: taker.filled + lots,
    value: addValue(taker.value, price, lots),
    held,
    released: taker.held - held,
    releasedLots: Math.min(taker.heldLots, lots),
  };
}

function makerParty({ terms }: Market, maker: RestingOrder, lots: number): Party {
  const { price } = maker;
  const leaves = maker.leaves - lots;
  const before = maker.side === 'BUY' ? fromMoney(maker.held, terms) : 0n;
  const held = before === 0n ? 0n : reservedFor(before, holdOf(terms, price, leaves));
  return {
    id: maker.id,
    accountId: maker.accountId,
    fee: terms.makerFee(price, lots),
    leaves,
    filled: maker.filled + lots,
    value: addValue(maker.value, price, lots),
    held,
    released: before - held,
    releasedLots: maker.side === 'SELL' ? lots : 0,
  };
}

function reservedFor(before: bigint, needed: bigint): bigint {
  return needed < before ? needed : before;
}

/**
 * The fee, or what there is for it. What was reserved covers the fee of the whole order, rounded
 * once; the fees of many small trades, each rounded by itself, can come to more.
 */
function payable(market: Market, { accountId, fee, released }: Party, received: bigint): bigint {
  const cash = availableCash(market, market.account(accountId)) + released + received;
  if (cash >= fee) return fee;
  return cash > 0n ? cash : 0n;
}

/**
 * The first resting order to buy whose account could not pay for its share of some fills, which
 * rounding can lead to as well; null when all can.
 */
export function findUnpaid(market: Market, fills: readonly Fill[]): RestingOrder | null {
  const { terms, context } = market;
  const cash = new Map<string, bigint>();
  for (const { maker, lots } of fills) {
    if (maker.side === 'SELL') return null;
    const { price, leaves, accountId } = maker;
    const { state } = context.load(accountDecider, accountId);
    if (state === null) throw new Error(`account ${accountId} has an order and does not exist`);
    const available = cash.get(accountId) ?? availableCash(market, state);
    const before = fromMoney(maker.held, terms);
    const held = reservedFor(before, holdOf(terms, price, leaves - lots));
    const left = available + before - held - terms.amount(price, lots);
    if (left < 0n) return maker;
    const fee = terms.makerFee(price, lots);
    cash.set(accountId, left > fee ? left - fee : 0n);
  }
  return null;
}

/** Fills as far as cash goes, for an order to buy. */
export function payableFills(
  { terms }: Market,
  fills: readonly Fill[],
  cash: bigint,
): readonly Fill[] {
  const payable: Fill[] = [];
  let left = cash;
  for (const { maker, lots } of fills) {
    const affordable = affordableLots(terms, maker.price, lots, left);
    if (affordable > 0) payable.push({ maker, lots: affordable });
    if (affordable < lots) return payable;
    left -= costOf(terms, maker.price, lots);
  }
  return payable;
}

type Terms = Market['terms'];

function costOf(terms: Terms, price: number, lots: number): bigint {
  return terms.amount(price, lots) + terms.takerFee(price, lots);
}

/** The most lots, up to `most`, that can be paid for; the cost rises with them. */
function affordableLots(terms: Terms, price: number, most: number, cash: bigint): number {
  if (costOf(terms, price, most) <= cash) return most;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (costOf(terms, price, middle) <= cash) low = middle;
    else high = middle;
  }
  return low;
}
