import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import { parseId, parseNewId, parseOptionalText } from '../../../api/input.ts';
import { accountTypes } from '../../accounts/api/account.ts';
import { accountAfter } from '../../accounts/api/commands.ts';
import { type CancelOrder, cancelOrder } from '../commands/cancel-order.ts';
import { type DepositShares, depositShares } from '../commands/deposit-shares.ts';
import { type PlaceOrder, placeOrder } from '../commands/place-order.ts';
import { type ReplaceOrder, replaceOrder } from '../commands/replace-order.ts';
import { orderTypes } from './order.ts';
import { findAccountOf, orderAfter, tradesAfter } from './read.ts';

/** The mutations of trading. */
export function addTradingCommands(parts: ApiParts): void {
  addDepositShares(parts);
  addPlaceOrder(parts);
  addCancelOrder(parts);
  addReplaceOrder(parts);
}

function addDepositShares(parts: ApiParts): void {
  const { account } = accountTypes(parts);
  parts.addCommand<DepositShares>({
    command: depositShares,
    without: ['expectedVersion'],
    input: (t) => ({
      accountId: t.id({ required: true }),
      symbol: t.id({ required: true }),
      quantity: t.field({ type: 'Decimal', required: true }),
      costPrice: t.field({
        type: 'Decimal',
        required: true,
        description: 'What one share cost its owner.',
      }),
      reference: t.string(),
    }),
    parse: ({ accountId, symbol, quantity, costPrice, reference }: DepositShares) => ({
      accountId: parseId('accountId', accountId),
      symbol: parseId('symbol', symbol),
      ...{ quantity, costPrice, reference: parseOptionalText('reference', reference) },
    }),
    payload: (t) => ({
      account: t.field({
        type: account,
        resolve: (answer, _args, context) => accountAfter(context, answer, answer.input.accountId),
      }),
    }),
  });
}

type PlaceOrderFields = { readonly [Name in keyof PlaceOrder]: PlaceOrder[Name] | undefined };

function addPlaceOrder(parts: ApiParts): void {
  const { account } = accountTypes(parts);
  const { order, trade, side, type, timeInForce } = orderTypes(parts);
  parts.addCommand<PlaceOrder>({
    command: placeOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({
      orderId: t.id({ description: 'A UUID; a fresh one when absent.' }),
      accountId: t.id({ required: true }),
      symbol: t.id({ required: true }),
      side: t.field({ type: side, required: true }),
      type: t.field({ type, required: true }),
      timeInForce: t.field({ type: timeInForce, required: true }),
      quantity: t.field({ type: 'Decimal', required: true }),
      limitPrice: t.field({ type: 'Decimal', description: 'For LIMIT and STOP_LIMIT.' }),
      stopPrice: t.field({ type: 'Decimal', description: 'For STOP and STOP_LIMIT.' }),
      expiresAt: t.field({ type: 'DateTime', description: 'For GTD.' }),
      postOnly: t.boolean({
        description: 'Refuse it rather than let it trade on arrival; for LIMIT orders that rest.',
      }),
      clientOrderId: t.string({
        description: "The client's own id of the order. No other open order of the account has it.",
      }),
    }),
    parse: parsePlaceOrder,
    payload: (t) => ({
      order: t.field({
        type: order,
        resolve: (answer, _args, context) =>
          orderAfter(context, answer, answer.input.orderId ?? placedId(answer.result.decided)),
      }),
      trades: t.field({
        type: [trade],
        description: 'All trades of the command, those of stop orders that it triggered too.',
        resolve: tradesAfter,
      }),
      account: t.field({
        type: account,
        resolve: (answer, _args, context) => accountAfter(context, answer, answer.input.accountId),
      }),
    }),
  });
}

function parsePlaceOrder(fields: PlaceOrderFields & PlaceOrder): PlaceOrder {
  const { side, type, timeInForce, quantity } = fields;
  const { limitPrice = null, stopPrice = null, expiresAt = null } = fields;
  const postOnly = fields.postOnly ?? false;
  const hasLimit = type === 'LIMIT' || type === 'STOP_LIMIT';
  const hasStop = type === 'STOP' || type === 'STOP_LIMIT';
  assertGiven('limitPrice', limitPrice, { isWanted: hasLimit, of: `${type} order` });
  assertGiven('stopPrice', stopPrice, { isWanted: hasStop, of: `${type} order` });
  const isDated = timeInForce === 'GTD';
  assertGiven('expiresAt', expiresAt, { isWanted: isDated, of: `${timeInForce} order` });
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  if (postOnly && !rests) badInput('postOnly is for LIMIT orders that can rest: DAY, GTC or GTD');
  return {
    orderId: parseNewId('orderId', fields.orderId),
    clientOrderId: parseClientOrderId(fields.clientOrderId),
    accountId: parseId('accountId', fields.accountId),
    symbol: parseId('symbol', fields.symbol),
    side,
    type,
    timeInForce,
    quantity,
    limitPrice,
    stopPrice,
    expiresAt,
    postOnly,
  };
}

function parseClientOrderId(value: string | null | undefined): string | null {
  if (value?.trim() === '') badInput('clientOrderId is empty: leave it out to have none');
  return parseOptionalText('clientOrderId', value);
}

function assertGiven(
  name: string,
  value: string | null,
  { isWanted, of }: { readonly isWanted: boolean; readonly of: string },
): void {
  if ((value !== null) === isWanted) return;
  badInput(isWanted ? `${name} is needed for a ${of}` : `${name} is not for a ${of}`);
}

/** The id that a placed order was given. */
function placedId(decided: readonly { readonly type: string; readonly data: object }[]): string {
  const placed = decided.find(({ type }) => type === 'OrderPlaced');
  if (placed === undefined || !('orderId' in placed.data)) throw new Error('no order was placed');
  return String(placed.data.orderId);
}

function addCancelOrder(parts: ApiParts): void {
  const { account } = accountTypes(parts);
  const { order } = orderTypes(parts);
  parts.addCommand<CancelOrder>({
    command: cancelOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({ orderId: t.id({ required: true }), reason: t.string() }),
    parse: ({ orderId, reason }: CancelOrder) => ({
      orderId: parseId('orderId', orderId),
      reason: parseOptionalText('reason', reason),
    }),
    payload: (t) => ({
      order: t.field({
        type: order,
        resolve: (answer, _args, context) => orderAfter(context, answer, answer.input.orderId),
      }),
      account: t.field({
        type: account,
        resolve: (answer, _args, context) => findAccountOf(context, answer, answer.input.orderId),
      }),
    }),
  });
}

function addReplaceOrder(parts: ApiParts): void {
  const { account } = accountTypes(parts);
  const { order, trade } = orderTypes(parts);
  parts.addCommand<ReplaceOrder>({
    command: replaceOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({
      orderId: t.id({ required: true }),
      newOrderId: t.id({ description: 'A UUID; a fresh one when absent.' }),
      quantity: t.field({
        type: 'Decimal',
        description: 'In all, what has been filled included; as it was when absent.',
      }),
      limitPrice: t.field({ type: 'Decimal', description: 'As it was when absent.' }),
      stopPrice: t.field({ type: 'Decimal', description: 'As it was when absent.' }),
    }),
    parse: (fields: ReplaceOrder) => ({
      orderId: parseId('orderId', fields.orderId),
      newOrderId: parseNewId('newOrderId', fields.newOrderId),
      quantity: fields.quantity ?? null,
      limitPrice: fields.limitPrice ?? null,
      stopPrice: fields.stopPrice ?? null,
    }),
    payload: (t) => ({
      order: t.field({
        type: order,
        description: 'The new one.',
        resolve: (answer, _args, context) =>
          orderAfter(context, answer, answer.input.newOrderId ?? placedId(answer.result.decided)),
      }),
      replaced: t.field({
        type: order,
        description: 'The one whose place it took.',
        resolve: (answer, _args, context) => orderAfter(context, answer, answer.input.orderId),
      }),
      trades: t.field({ type: [trade], resolve: tradesAfter }),
      account: t.field({
        type: account,
        resolve: (answer, _args, context) => findAccountOf(context, answer, answer.input.orderId),
      }),
    }),
  });
}
