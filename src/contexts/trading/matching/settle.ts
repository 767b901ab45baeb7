import { accountDecider } from '../../accounts/account.ts';
import { canSend } from '../../accounts/rules.ts';
import type { RestingOrder } from './book-order.ts';
import { fitsCash, fitsShares } from './capacity.ts';
import { chargeOf, type Totals, totalsOf } from './charge.ts';
import type { Fill } from './match.ts';
import { availableCash, type MarketSession } from './session.ts';
import { makerParty, type Party, type Taker, takerParty, toTrade } from './trade.ts';
import { fromMoney, type InstrumentUnits, toMoney, toQuantity } from './units.ts';

/** Records a trade and its settlement in both accounts. Returns the incoming order after it. */
export function settle<Order extends Taker>(
  market: MarketSession,
  taker: Order,
  fill: Fill,
): Order {
  const { units } = market;
  const incoming = takerParty(units, taker, fill);
  const resting = makerParty(units, fill);
  const [buy, seller] = taker.side === 'BUY' ? [incoming, resting] : [resting, incoming];
  const sell = { ...seller, fee: payableFee(market, seller) };
  const tradeId = market.context.newId();
  const data = toTrade(market, { tradeId, fill, aggressor: taker.side, buy, sell });
  market.recordInBook({ type: 'TradeExecuted', data });
  const { symbol, price, quantity, currency } = data;
  const settlement = { tradeId, symbol, price, quantity, currency };
  market.recordInAccount(buy.accountId, {
    type: 'PurchaseSettled',
    data: {
      orderId: buy.id,
      amount: data.buyAmount,
      fee: data.buyFee,
      released: toMoney(buy.released, units),
      ...settlement,
    },
  });
  market.recordInAccount(sell.accountId, {
    type: 'SaleSettled',
    data: {
      orderId: sell.id,
      amount: data.sellAmount,
      fee: data.sellFee,
      released: toQuantity(sell.releasedLots, units),
      ...settlement,
    },
  });
  const { leaves, filled, value, held, settled, accrued } = incoming;
  const heldLots = taker.heldLots - incoming.releasedLots;
  return { ...taker, leaves, filled, value, held, settled, accrued, heldLots };
}

/**
 * Returns the seller's fee, limited to the cash that is available for it. If a fill is worth less
 * than a minor unit, the fee can reach its next unit before the amount does, and the seller may
 * have spent what earlier fills paid.
 */
function payableFee(market: MarketSession, { accountId, amount, fee }: Party): bigint {
  if (amount >= fee) return fee;
  const cash = availableCash(market, market.account(accountId)) + amount;
  return cash < fee ? cash : fee;
}

/** Why a resting order cannot trade. */
type MakerFault = 'ACCOUNT_NOT_OPEN' | 'INSUFFICIENT_FUNDS' | 'INVALID_AMOUNT' | 'INVALID_QUANTITY';

/** A resting order that cannot trade, and the reason. */
interface Unable {
  readonly maker: RestingOrder;
  readonly reason: MakerFault;
}

/**
 * Returns the resting orders of the fills that cannot trade, because their accounts are not open or
 * have no capacity for what they would receive. An order that was booked by older rules may also
 * have one unit too little reserved.
 */
export function findUnable(market: MarketSession, fills: readonly Fill[]): readonly Unable[] {
  const before = new Map<string, Dealt>();
  return fills.flatMap((fill) => {
    const { maker } = fill;
    const dealt = before.get(maker.accountId) ?? nothing;
    const after = dealWith(market.units, dealt, fill);
    const reason = faultOf(market, fill, { dealt, after });
    if (reason !== null) return [{ maker, reason }];
    before.set(maker.accountId, after);
    return [];
  });
}

function faultOf(
  market: MarketSession,
  { maker }: Fill,
  { dealt, after }: { readonly dealt: Dealt; readonly after: Dealt },
): MakerFault | null {
  const { context, units } = market;
  const { state } = context.load(accountDecider, maker.accountId);
  if (state === null) throw new Error(`account ${maker.accountId} has an order but no events`);
  if (!canSend(state)) return 'ACCOUNT_NOT_OPEN';
  if (!fitsCash(units, state, after.received)) return 'INVALID_AMOUNT';
  if (!fitsShares(market, state, after.lots)) return 'INVALID_QUANTITY';
  const isShort = after.short > dealt.short && after.short > availableCash(market, state);
  return isShort ? 'INSUFFICIENT_FUNDS' : null;
}

/** The totals of an account over some fills of its resting orders. */
interface Dealt {
  /** The cash received, in minor units. */
  readonly received: bigint;
  /** The lots bought. */
  readonly lots: number;
  /** The cash paid in addition to what was reserved, in minor units. */
  readonly short: bigint;
}

const nothing: Dealt = { received: 0n, lots: 0, short: 0n };

function dealWith(
  units: InstrumentUnits,
  { received, lots, short }: Dealt,
  { maker, ...fill }: Fill,
): Dealt {
  const { side, price } = maker;
  const priced = { side, role: 'MAKER', price, lots: fill.lots } as const;
  const { amount, fee } = chargeOf(units, totalsOf(maker, units), priced);
  if (side === 'SELL') return { received: received + amount, lots, short };
  const more = amount + fee - fromMoney(maker.held, units);
  return { received, lots: lots + fill.lots, short: more > 0n ? short + more : short };
}

/**
 * Returns the fills, or parts of them, that an order to buy can pay for with `cash` minor units.
 */
export function payableFills(
  { units }: MarketSession,
  order: Taker,
  fills: readonly Fill[],
  cash: bigint,
): readonly Fill[] {
  const payable: Fill[] = [];
  let totals: Totals = order;
  let left = cash;
  for (const { maker, lots } of fills) {
    const chargeFor = (some: number) =>
      chargeOf(units, totals, { side: 'BUY', role: 'TAKER', price: maker.price, lots: some });
    const affordable = affordableLots(lots, left, (some) => {
      const { amount, fee } = chargeFor(some);
      return amount + fee;
    });
    if (affordable > 0) payable.push({ maker, lots: affordable });
    if (affordable < lots) return payable;
    const charge = chargeFor(lots);
    left -= charge.amount + charge.fee;
    totals = charge;
  }
  return payable;
}

/** Returns the most lots, up to `most`, that `cash` pays for. The cost must rise with the lots. */
function affordableLots(most: number, cash: bigint, costOf: (lots: number) => bigint): number {
  if (costOf(most) <= cash) return most;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (costOf(middle) <= cash) low = middle;
    else high = middle;
  }
  return low;
}
