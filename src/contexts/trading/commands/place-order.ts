import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import { BadUserInput, Rejection, reject } from '../../../kernel/rejection.ts';
import { endOfDay } from '../../../lib/date-time.ts';
import { oneLine } from '../../../lib/one-line.ts';
import {
  AccountNotFound,
  AccountNotOpen,
  CurrencyMismatch,
  InsufficientFunds,
  InvalidAmount,
} from '../../accounts/rejections.ts';
import { accountRight } from '../../accounts/rights.ts';
import { InstrumentNotFound, InvalidPrice } from '../../market/commands.ts';
import type { Side } from '../../market/side.ts';
import { assertUnused, recordAssigned } from '../client-orders.ts';
import { acceptOrder, type CheckedOrder, rejectionOf } from '../matching/accept-order.ts';
import { openOrdersRejection } from '../matching/capacity.ts';
import { noTotals } from '../matching/charge.ts';
import { openSettledSession } from '../matching/matching-process.ts';
import type { MarketSession } from '../matching/session.ts';
import { lotsFault, parseLots, parseTicks, ticksFault } from '../matching/units.ts';
import { orderDecider } from '../order.ts';
import type { OrderType, TimeInForce } from '../order-terms.ts';
import * as rejections from '../rejections.ts';

export interface PlaceOrder {
  /** If null, a new UUID is generated. */
  readonly orderId: string | null;
  readonly clientOrderId: string | null;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  /** Not null for LIMIT and STOP_LIMIT; null for others. */
  readonly limitPrice: string | null;
  /** Not null for STOP and STOP_LIMIT; null for others. */
  readonly stopPrice: string | null;
  /** The expiry time. Not null for GTD; null for others. */
  readonly expiresAt: string | null;
  readonly postOnly: boolean;
}

/** What is recorded about an order when it is placed or rejected. */
type Instruction = Omit<PlaceOrder, 'orderId'> & {
  readonly orderId: string;
  readonly replaces: string | null;
};

/** The rejections that new orders and replacements have in common. */
export const orderRejections = [
  AccountNotFound,
  AccountNotOpen,
  InstrumentNotFound,
  rejections.InstrumentHalted,
  CurrencyMismatch,
  rejections.InvalidQuantity,
  InvalidPrice,
  InsufficientFunds,
  rejections.InsufficientShares,
  rejections.PostOnlyWouldCross,
  rejections.OrderAlreadyExists,
  rejections.OrderTooSmall,
  InvalidAmount,
];

export const placeOrder: CommandDefinition<PlaceOrder> = {
  name: 'placeOrder',
  description: oneLine`Places an order. It trades immediately with the orders in the book, at their
    prices. The remainder rests in the book or is canceled, depending on the order's type and time
    in force. A stop order waits for its trigger price first.`,
  right: accountRight('TRADE', ({ accountId }) => accountId),
  rejections: [...orderRejections, rejections.ClientOrderIdInUse, rejections.TooManyOpenOrders],
  handle(input, context) {
    if (input.expiresAt !== null && input.expiresAt <= context.now) {
      const rule = `expiresAt must be in the future, not ${input.expiresAt}`;
      reject(BadUserInput, rule, { member: 'expiresAt' });
    }
    if (input.expiresAt !== null) context.holdsUntil(input.expiresAt);
    const market = openSettledSession(context, input.symbol);
    assertCurrency(market, input.accountId);
    const orderId = newOrderId(context, input.orderId);
    const { accountId, clientOrderId } = input;
    if (clientOrderId !== null) assertUnused(market, { accountId, clientOrderId });
    const expiresAt = input.timeInForce === 'DAY' ? endOfDay(context.now) : input.expiresAt;
    const instruction = toInstruction(input, orderId, expiresAt);
    const order = toChecked(market, instruction);
    const rejection = rejectionOf(market, order) ?? openOrdersRejection(market, order);
    if (rejection !== null) throw recordRejected(market, instruction, rejection);
    recordPlaced(market, instruction, { filledQuantity: '0', filledValue: '0' });
    acceptOrder(market, order);
    if (clientOrderId !== null) recordAssigned(market, orderId, { accountId, clientOrderId });
  },
};

/** The id of a new order, given or generated; rejects one that was used before. */
export function newOrderId(context: CommandContext, given: string | null): string {
  const orderId = given ?? context.newId();
  if (context.load(orderDecider, orderId).version > 0) {
    const message = `order ${orderId} already exists`;
    reject(rejections.OrderAlreadyExists, message, { orderId });
  }
  return orderId;
}

export function recordPlaced(
  { context }: MarketSession,
  instruction: Instruction,
  totals: { readonly filledQuantity: string; readonly filledValue: string },
): void {
  const { filledQuantity, filledValue } = totals;
  const data = { filledQuantity, filledValue, ...toData(instruction) };
  context.record(orderDecider, instruction.orderId, { type: 'OrderPlaced', data });
}

/** Records that an order was rejected, and returns the rejection to throw. */
function recordRejected(
  { context }: MarketSession,
  instruction: Instruction,
  { code, message, data }: Rejection,
): Rejection {
  context.record(orderDecider, instruction.orderId, {
    type: 'OrderRejected',
    data: { code, reason: message, ...toData(instruction) },
  });
  return new Rejection(code, message, data, true);
}

/** Runs on the hot path, where a spread would cost more than named members. */
function toInstruction(input: PlaceOrder, orderId: string, expiresAt: string | null): Instruction {
  return {
    replaces: null,
    orderId,
    clientOrderId: input.clientOrderId,
    accountId: input.accountId,
    symbol: input.symbol,
    side: input.side,
    type: input.type,
    timeInForce: input.timeInForce,
    quantity: input.quantity,
    limitPrice: input.limitPrice,
    stopPrice: input.stopPrice,
    expiresAt,
    postOnly: input.postOnly,
  };
}

function toData(instruction: Instruction) {
  return {
    orderType: instruction.type,
    replaces: instruction.replaces,
    orderId: instruction.orderId,
    clientOrderId: instruction.clientOrderId,
    accountId: instruction.accountId,
    symbol: instruction.symbol,
    side: instruction.side,
    timeInForce: instruction.timeInForce,
    quantity: instruction.quantity,
    limitPrice: instruction.limitPrice,
    stopPrice: instruction.stopPrice,
    expiresAt: instruction.expiresAt,
    postOnly: instruction.postOnly,
  };
}

/** Rejects an account whose currency is not that of the instrument. */
export function assertCurrency(market: MarketSession, accountId: string): void {
  const { currency: actual } = market.account(accountId);
  const { currency: expected } = market.units.instrument;
  if (actual === expected) return;
  const message = `${market.symbol} is traded in ${expected}, but the account is in ${actual}`;
  reject(CurrencyMismatch, message, { expected, actual });
}

/** The order in ticks and lots; rejects what is not a positive whole number of them. */
function toChecked(market: MarketSession, order: Instruction): CheckedOrder {
  const { type, timeInForce, expiresAt, postOnly, side, accountId } = order;
  return {
    id: order.orderId,
    accountId,
    side,
    type,
    timeInForce,
    expiresAt,
    postOnly,
    limit: ticksOf(market, order.limitPrice),
    stop: ticksOf(market, order.stopPrice),
    leaves: lotsOf(market, order.quantity),
    filled: 0,
    value: '0',
    held: 0n,
    heldLots: 0,
    isReserved: false,
    ...noTotals,
  };
}

/** The price in ticks; rejects one that is not a positive whole number or is too large. */
export function ticksOf({ units }: MarketSession, price: string | null): number | null {
  if (price === null) return null;
  return parseTicks(price, units) ?? reject(InvalidPrice, ticksFault(price, units), { price });
}

/** The quantity in lots; rejects one that is not a positive whole number or is too large. */
export function lotsOf({ units }: MarketSession, quantity: string): number {
  const lots = parseLots(quantity, units);
  if (lots !== null) return lots;
  const { lotSize } = units.instrument;
  const fault = lotsFault(quantity, units);
  return reject(rejections.InvalidQuantity, fault, { quantity, lotSize });
}
