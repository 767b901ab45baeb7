import { accountDecider } from '../accounts/account.ts';
import type { RestingOrder } from './book-order.ts';
import { availableCash, type Market } from './market.ts';
import type { Fill } from './matching.ts';
import { fromMoney, toMoney, toQuantity } from './terms.ts';
import { makerParty, type Party, reservedFor, type Taker, takerParty, toTrade } from './trade.ts';

/** Records a trade and its settlement in both accounts; gives the incoming order after it. */
export function settle<Order extends Taker>(market: Market, taker: Order, fill: Fill): Order {
  const { terms } = market;
  const { price } = fill.maker;
  const { lots } = fill;
  const amount = terms.amount(price, lots);
  const incoming = incomingParty(market, taker, fill);
  const resting = makerParty(terms, fill);
  const [buyer, seller] = taker.side === 'BUY' ? [incoming, resting] : [resting, incoming];
  const buy = { ...buyer, fee: payable(market, buyer, -amount) };
  const sell = { ...seller, fee: payable(market, seller, amount) };
  const tradeId = market.context.newId();
  const data = toTrade(market, { tradeId, fill, amount, aggressor: taker.side, buy, sell });
  market.recordInBook({ type: 'TradeExecuted', data });
  const { symbol, price: at, quantity, currency } = data;
  const settlement = { tradeId, symbol, price: at, quantity, amount: data.amount, currency };
  market.recordInAccount(buy.accountId, {
    type: 'PurchaseSettled',
    data: {
      orderId: buy.id,
      fee: toMoney(buy.fee, terms),
      released: toMoney(buy.released, terms),
      ...settlement,
    },
  });
  market.recordInAccount(sell.accountId, {
    type: 'SaleSettled',
    data: {
      orderId: sell.id,
      fee: toMoney(sell.fee, terms),
      released: toQuantity(sell.releasedLots, terms),
      ...settlement,
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

/**
 * The incoming order after a fill. Amount and fee come before what stays reserved for it, if anything
 * was: rounded by themselves they can take of that.
 */
function incomingParty(market: Market, taker: Taker, fill: Fill): Party {
  const { terms } = market;
  const party = takerParty(terms, taker, fill);
  if (party.held === 0n) return party;
  const available = availableCash(market, market.account(taker.accountId)) + taker.held;
  const left = available - costOf(terms, fill.maker.price, fill.lots);
  if (party.held <= left) return party;
  return { ...party, held: left, released: taker.held - left };
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
    const held = reservedFor(terms, before, { limit: price, leaves: leaves - lots });
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
