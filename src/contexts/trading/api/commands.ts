import type { ApiParts } from '../../../api/api-parts.ts';
import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { badInput } from '../../../api/errors.ts';
import { parseId, parseNewId, parseOptionalText } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { type AccountRefs, accountTypes } from '../../accounts/api/account.ts';
import { accountField, toAccountId } from '../../accounts/api/account-after.ts';
import { type CancelOrder, cancelOrder } from '../commands/cancel-order.ts';
import { type DepositShares, depositShares } from '../commands/deposit-shares.ts';
import { type PlaceOrder, placeOrder } from '../commands/place-order.ts';
import { type ReplaceOrder, replaceOrder } from '../commands/replace-order.ts';
import { orderTypes } from './order.ts';
import { findAccountOf, orderAfter, tradesAfter } from './read.ts';

const newIdDescription = 'The id of the new order, a UUID. If omitted, the server generates one.';
const tradesDescription =
  'The trades that the command led to, including those of stop orders that it triggered.';
const asBefore = 'If omitted, that of the replaced order is kept.';

/** Adds the mutations of trading. */
export function addTradingCommands(parts: ApiParts): void {
  addDepositShares(parts);
  addPlaceOrder(parts);
  addCancelOrder(parts);
  addReplaceOrder(parts);
}

function addDepositShares(parts: ApiParts): void {
  const accounts = accountTypes(parts);
  parts.addCommand<DepositShares>({
    command: depositShares,
    without: ['expectedVersion'],
    input: (t) => ({
      accountId: t.id({ required: true, description: 'The id of the account, a UUID.' }),
      symbol: t.id({ required: true, description: 'The symbol of the instrument, in upper case.' }),
      quantity: t.field({
        type: 'Decimal',
        required: true,
        description: 'The number of shares, a multiple of the lot size.',
      }),
      costPrice: t.field({
        type: 'Decimal',
        required: true,
        description: "The cost of one share to the owner, in the account's currency, zero or more.",
      }),
      reference: t.string({
        description:
          'A note of up to 200 characters, recorded in the event. If omitted, there is none.',
      }),
    }),
    parse: ({ accountId, symbol, quantity, costPrice, reference }: DepositShares) => ({
      accountId: parseId('accountId', accountId),
      symbol: parseId('symbol', symbol),
      quantity,
      costPrice,
      reference: parseOptionalText('reference', reference),
    }),
    payload: (t) => ({ account: t.field(accountField(accounts, toAccountId)) }),
  });
}

type PlaceOrderFields = { readonly [Name in keyof PlaceOrder]: PlaceOrder[Name] | undefined };

function addPlaceOrder(parts: ApiParts): void {
  const accounts = accountTypes(parts);
  const { order, trade, side, type, timeInForce } = orderTypes(parts);
  parts.addCommand<PlaceOrder>({
    command: placeOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({
      orderId: t.id({ description: newIdDescription }),
      accountId: t.id({ required: true, description: 'The id of the account, a UUID.' }),
      symbol: t.id({ required: true, description: 'The symbol of the instrument, in upper case.' }),
      side: t.field({
        type: side,
        required: true,
        description: 'The side of the order: BUY or SELL.',
      }),
      type: t.field({ type, required: true, description: 'The type of the order.' }),
      timeInForce: t.field({
        type: timeInForce,
        required: true,
        description: 'The time for which the order is in force.',
      }),
      quantity: t.field({
        type: 'Decimal',
        required: true,
        description: 'The number of shares (FIX OrderQty), a multiple of the lot size.',
      }),
      limitPrice: t.field({
        type: 'Decimal',
        description: oneLine`The worst price at which the order may trade, per share, in the
          instrument's currency, a multiple of the tick size. Required for LIMIT and STOP_LIMIT
          orders; not allowed for others.`,
      }),
      stopPrice: t.field({
        type: 'Decimal',
        description: oneLine`The price that triggers the order, per share, in the instrument's
          currency, a multiple of the tick size. Required for STOP and STOP_LIMIT orders; not
          allowed for others.`,
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description: oneLine`The time at which the order expires, in the future. Required for GTD
          orders; not allowed for others.`,
      }),
      postOnly: t.boolean({
        description: oneLine`Whether to reject the order if it would trade immediately. Allowed for
          LIMIT orders with DAY, GTC or GTD. If omitted, false.`,
      }),
      clientOrderId: t.string({
        description: oneLine`The client's own id for the order (FIX ClOrdID), of up to 200
          characters. No other open order of the account may have it. If omitted, the order has
          none.`,
      }),
    }),
    parse: parsePlaceOrder,
    payload: (t) => ({
      order: t.field({
        type: order,
        description: 'The order after the command.',
        resolve: (answer, _args, context) =>
          orderAfter(context, answer, answer.input.orderId ?? placedId(answer.result.decided)),
      }),
      trades: t.field({ type: [trade], description: tradesDescription, resolve: tradesAfter }),
      account: t.field(accountField(accounts, toAccountId)),
    }),
  });
}

function parsePlaceOrder(fields: PlaceOrderFields & PlaceOrder): PlaceOrder {
  const { side, type, timeInForce, quantity } = fields;
  const { limitPrice = null, stopPrice = null, expiresAt = null } = fields;
  const postOnly = fields.postOnly ?? false;
  const hasLimit = type === 'LIMIT' || type === 'STOP_LIMIT';
  const hasStop = type === 'STOP' || type === 'STOP_LIMIT';
  assertGiven('limitPrice', limitPrice, { isRequired: hasLimit, of: `${type} orders` });
  assertGiven('stopPrice', stopPrice, { isRequired: hasStop, of: `${type} orders` });
  const isDated = timeInForce === 'GTD';
  assertGiven('expiresAt', expiresAt, { isRequired: isDated, of: `${timeInForce} orders` });
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  if (postOnly && !rests)
    badInput('postOnly is only allowed for LIMIT orders with DAY, GTC or GTD', 'postOnly');
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
  if (value?.trim() === '')
    badInput('clientOrderId must not be empty: omit it for an order without one', 'clientOrderId');
  return parseOptionalText('clientOrderId', value);
}

function assertGiven(
  name: string,
  value: string | null,
  { isRequired, of }: { readonly isRequired: boolean; readonly of: string },
): void {
  if ((value !== null) === isRequired) return;
  badInput(`${name} is ${isRequired ? 'required' : 'not allowed'} for ${of}`, name);
}

/** The id of the order that a command placed. */
function placedId(decided: readonly { readonly type: string; readonly data: object }[]): string {
  const placed = decided.find(({ type }) => type === 'OrderPlaced');
  if (placed === undefined || !('orderId' in placed.data)) throw new Error('no order was placed');
  return String(placed.data.orderId);
}

function addCancelOrder(parts: ApiParts): void {
  const accounts = accountTypes(parts);
  const { order } = orderTypes(parts);
  parts.addCommand<CancelOrder>({
    command: cancelOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({
      orderId: t.id({ required: true, description: 'The id of the order to cancel, a UUID.' }),
      reason: t.string({
        description:
          'A reason of up to 200 characters, recorded in the event. If omitted, there is none.',
      }),
    }),
    parse: ({ orderId, reason }: CancelOrder) => ({
      orderId: parseId('orderId', orderId),
      reason: parseOptionalText('reason', reason),
    }),
    payload: (t) => ({
      order: t.field({
        type: order,
        description: 'The canceled order.',
        resolve: (answer, _args, context) => orderAfter(context, answer, answer.input.orderId),
      }),
      account: t.field(ownerField(accounts)),
    }),
  });
}

function addReplaceOrder(parts: ApiParts): void {
  const accounts = accountTypes(parts);
  const { order, trade } = orderTypes(parts);
  parts.addCommand<ReplaceOrder>({
    command: replaceOrder,
    without: ['expectedVersion', 'occurredAt'],
    input: (t) => ({
      orderId: t.id({ required: true, description: 'The id of the order to replace, a UUID.' }),
      newOrderId: t.id({ description: newIdDescription }),
      quantity: t.field({
        type: 'Decimal',
        description: `The new total number of shares, including those already traded. ${asBefore}`,
      }),
      limitPrice: t.field({
        type: 'Decimal',
        description: `The new limit price, in the instrument's currency. ${asBefore}`,
      }),
      stopPrice: t.field({
        type: 'Decimal',
        description: `The new stop price, in the instrument's currency. ${asBefore}`,
      }),
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
        description: 'The new order.',
        resolve: (answer, _args, context) =>
          orderAfter(context, answer, answer.input.newOrderId ?? placedId(answer.result.decided)),
      }),
      replaced: t.field({
        type: order,
        description: 'The order that was replaced.',
        resolve: (answer, _args, context) => orderAfter(context, answer, answer.input.orderId),
      }),
      trades: t.field({ type: [trade], description: tradesDescription, resolve: tradesAfter }),
      account: t.field(ownerField(accounts)),
    }),
  });
}

/** The options of the payload field `account`: the account of the order that a command names. */
function ownerField({ account }: AccountRefs) {
  return {
    type: account,
    description: 'The account after the command.',
    resolve: (
      answer: CommandAnswer<{ readonly orderId: string }>,
      _args: object,
      context: RequestContext,
    ) => findAccountOf(context, answer, answer.input.orderId),
  };
}
