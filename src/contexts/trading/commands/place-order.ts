import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import { BadUserInput, Rejection, reject } from '../../../kernel/rejection.ts';
import { endOfDay } from '../../../lib/date-time.ts';
import {
  AccountNotFound,
  AccountNotOpen,
  CurrencyMismatch,
  InsufficientFunds,
  InvalidAmount,
} from '../../accounts/rejections.ts';
import { InstrumentNotFound, InvalidPrice } from '../../market/commands.ts';
import { assertUnused, recordAssigned } from '../client-orders.ts';
import { acceptOrder, type CheckedOrder, rejectionOf } from '../matching/accept-order.ts';
import { openOrdersRejection } from '../matching/capacity.ts';
import { noTotals } from '../matching/charge.ts';
import { openSettledSession } from '../matching/matching-process.ts';
import type { MarketSession } from '../matching/session.ts';
import { lotsFault, parseLots, parseTicks, ticksFault } from '../matching/units.ts';
import { type OrderType, orderDecider, type Side, type TimeInForce } from '../order.ts';
import * as rejections from '../rejections.ts';

export interface PlaceOrder {
  /** Null: a fresh UUID. */
  readonly orderId: string | null;
  readonly clientOrderId: string | null;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  /** There for LIMIT and STOP_LIMIT, and only for these. */
  readonly limitPrice: string | null;
  /** There for STOP and STOP_LIMIT, and only for these. */
  readonly stopPrice: string | null;
  /** When it expires: there for GTD, and only for it. */
  readonly expiresAt: string | null;
  readonly postOnly: boolean;
}

/** What an order that is placed, or refused, says of itself. */
export type Instruction = Omit<PlaceOrder, 'orderId'> & {
  readonly orderId: string;
  readonly replaces: string | null;
};

/** Refusals of orders, whether placed or put in the place of others. */
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
  description: `Places an order: what can trade trades at once, at the prices of the orders in the
    book, and the rest waits there or is canceled, as its type and time in force say.`.replace(
    /\s+/g,
    ' ',
  ),
  rejections: [...orderRejections, rejections.ClientOrderIdInUse, rejections.TooManyOpenOrders],
  handle(input, context) {
    if (input.expiresAt !== null && input.expiresAt <= context.now) {
      reject(BadUserInput, `expiresAt ${input.expiresAt} is not in the future`, {});
    }
    if (input.expiresAt !== null) context.holdsUntil(input.expiresAt);
    const market = openSettledSession(context, input.symbol);
    assertCurrency(market, input.accountId);
    const orderId = newOrderId(context, input.orderId);
    const { accountId, clientOrderId } = input;
    if (clientOrderId !== null) assertUnused(market, { accountId, clientOrderId });
    const expiresAt = input.timeInForce === 'DAY' ? endOfDay(context.now) : input.expiresAt;
    const instruction = toInstruction(input, orderId, expiresAt);
    const order = toArriving(market, instruction);
    const refusal = rejectionOf(market, order) ?? openOrdersRejection(market, order);
    if (refusal !== null) throw recordRefusal(market, instruction, refusal);
    recordPlaced(market, instruction, { filledQuantity: '0', filledValue: '0' });
    acceptOrder(market, order);
    if (clientOrderId !== null) recordAssigned(market, orderId, { accountId, clientOrderId });
  },
};

/** The id of a new order, given or fresh; rejects one that was used before. */
export function newOrderId(context: CommandContext, wanted: string | null): string {
  const orderId = wanted ?? context.newId();
  if (context.load(orderDecider, orderId).version > 0) {
    const message = `order ${orderId} was placed before`;
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

/** Records that an order was refused, and gives the refusal that is to be thrown. */
function recordRefusal(
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

/** Each member by name: every order comes through here. */
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

/** Rejects an account in another currency than the instrument's. */
export function assertCurrency(market: MarketSession, accountId: string): void {
  const { currency: actual } = market.account(accountId);
  const { currency: expected } = market.units.instrument;
  if (actual === expected) return;
  const message = `${market.symbol} is traded in ${expected}, the account is in ${actual}`;
  reject(CurrencyMismatch, message, { expected, actual });
}

/** The order in ticks and lots; rejects what is no whole number of them. */
function toArriving(market: MarketSession, order: Instruction): CheckedOrder {
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

/** A price in ticks; rejects one that is not a positive whole number of them, or too large. */
export function ticksOf({ units }: MarketSession, price: string | null): number | null {
  if (price === null) return null;
  return parseTicks(price, units) ?? reject(InvalidPrice, ticksFault(price, units), { price });
}

/** A quantity in lots; rejects one that is not a positive whole number of them, or too large. */
export function lotsOf({ units }: MarketSession, quantity: string): number {
  const lots = parseLots(quantity, units);
  if (lots !== null) return lots;
  const { lotSize } = units.instrument;
  const fault = lotsFault(quantity, units);
  return reject(rejections.InvalidQuantity, fault, { quantity, lotSize });
}
