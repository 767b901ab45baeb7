import type { ApiParts } from '../../../api/api-parts.ts';
import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { badInput } from '../../../api/errors.ts';
import { parseId, parseNewId, parseOptionalText, parseText } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { stateBehind } from '../../../api/state-behind.ts';
import type { CommandDefinition } from '../../../kernel/command.ts';
import { entityIdOf } from '../../../kernel/decider.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { sequenceOf } from '../../../views/read-point.ts';
import { type Account, accountDecider } from '../account.ts';
import * as commands from '../commands.ts';
import { currencyFault } from '../currencies.ts';
import type { AccountEvent } from '../events.ts';
import { accountsView } from '../views.ts';
import { type AccountAt, type AccountRefs, toAccountAt } from './account.ts';

interface CashFields {
  readonly accountId: string;
  readonly amount: string;
  readonly reference?: string | null;
}

const accountIdField = { required: true, description: 'The id of the account, a UUID.' } as const;
const amountField = {
  type: 'Decimal',
  required: true,
  description: oneLine`The amount, in the account's currency. It must be greater than zero and no
    finer than the currency's minor unit.`,
} as const;
const referenceField = {
  description: 'A note of up to 200 characters, recorded in the event. If omitted, there is none.',
};
const reasonField = {
  description:
    'A reason of up to 200 characters, recorded in the event. If omitted, there is none.',
};
const accountAfterDescription = 'The account after the command.';

/** Adds the mutations of accounts. */
export function addAccountCommands(parts: ApiParts, refs: AccountRefs): void {
  addOpenAccount(parts, refs);
  addCashCommand(parts, refs, commands.depositCash);
  addCashCommand(parts, refs, commands.withdrawCash);
  addCashCommand(parts, refs, commands.creditInterest);
  addTransferCash(parts, refs);
  addStatusCommand(parts, refs, commands.freezeAccount);
  addStatusCommand(parts, refs, commands.unfreezeAccount);
  addCloseAccount(parts, refs);
}

function addOpenAccount({ addCommand }: ApiParts, { account }: AccountRefs): void {
  addCommand<commands.OpenAccount>({
    command: commands.openAccount,
    without: ['expectedVersion'],
    input: (t) => ({
      accountId: t.id({
        description: 'The id of the new account, a UUID. If omitted, the server generates one.',
      }),
      owner: t.string({
        required: true,
        description: 'The name of the owner, 1 to 200 characters.',
      }),
      currency: t.string({
        required: true,
        description: 'The account\'s currency, an ISO 4217 code in upper case like "USD".',
      }),
    }),
    parse: ({ accountId, owner, currency }: commands.OpenAccount) => ({
      accountId: parseNewId('accountId', accountId),
      owner: parseText('owner', owner),
      currency: parseCurrency(currency),
    }),
    payload: (t) => ({
      account: t.field({
        type: account,
        description: accountAfterDescription,
        resolve: (answer, _args, context) => {
          const { input, result } = answer;
          const id = input.accountId ?? entityIdOf(result.firstStreamId ?? '');
          return accountAfter(context, answer, id);
        },
      }),
    }),
  });
}

function parseCurrency(currency: string): string {
  const fault = currencyFault(currency);
  return fault === null ? currency : badInput(fault);
}

function addCashCommand(
  { addCommand }: ApiParts,
  { account }: AccountRefs,
  command: CommandDefinition<commands.MoveCash>,
): void {
  addCommand<commands.MoveCash>({
    command,
    input: (t) => ({
      accountId: t.id(accountIdField),
      amount: t.field(amountField),
      reference: t.string(referenceField),
    }),
    parse: ({ accountId, amount, reference }: CashFields) => ({
      accountId: parseId('accountId', accountId),
      amount,
      reference: parseOptionalText('reference', reference),
    }),
    payload: (t) => ({
      account: t.field({
        type: account,
        description: accountAfterDescription,
        resolve: (answer, _args, context) => accountAfter(context, answer, answer.input.accountId),
      }),
    }),
  });
}

function addTransferCash({ addCommand }: ApiParts, { account }: AccountRefs): void {
  addCommand<commands.TransferCash>({
    command: commands.transferCash,
    input: (t) => ({
      fromAccountId: t.id({
        required: true,
        description:
          'The id of the account that sends the cash, a UUID. expectedVersion refers to it.',
      }),
      toAccountId: t.id({
        required: true,
        description: 'The id of the account that receives the cash, a UUID.',
      }),
      amount: t.field(amountField),
      reference: t.string(referenceField),
    }),
    parse: ({ fromAccountId, toAccountId, amount, reference }: commands.TransferCash) => ({
      fromAccountId: parseId('fromAccountId', fromAccountId),
      toAccountId: parseId('toAccountId', toAccountId),
      amount,
      reference: parseOptionalText('reference', reference),
    }),
    payload: (t) => ({
      from: t.field({
        type: account,
        description: 'The sending account after the command.',
        resolve: (answer, _args, context) =>
          accountAfter(context, answer, answer.input.fromAccountId),
      }),
      to: t.field({
        type: account,
        description: 'The receiving account after the command.',
        resolve: (answer, _args, context) =>
          accountAfter(context, answer, answer.input.toAccountId),
      }),
    }),
  });
}

function addStatusCommand(
  { addCommand }: ApiParts,
  { account }: AccountRefs,
  command: CommandDefinition<commands.ChangeAccount>,
): void {
  addCommand<commands.ChangeAccount>({
    command,
    input: (t) => ({ accountId: t.id(accountIdField), reason: t.string(reasonField) }),
    parse: ({ accountId, reason }: commands.ChangeAccount) => ({
      accountId: parseId('accountId', accountId),
      reason: parseOptionalText('reason', reason),
    }),
    payload: (t) => ({
      account: t.field({
        type: account,
        description: accountAfterDescription,
        resolve: (answer, _args, context) => accountAfter(context, answer, answer.input.accountId),
      }),
    }),
  });
}

function addCloseAccount({ addCommand }: ApiParts, { account }: AccountRefs): void {
  addCommand<{ readonly accountId: string }>({
    command: commands.closeAccount,
    input: (t) => ({ accountId: t.id(accountIdField) }),
    parse: ({ accountId }: { readonly accountId: string }) => ({
      accountId: parseId('accountId', accountId),
    }),
    payload: (t) => ({
      account: t.field({
        type: account,
        description: accountAfterDescription,
        resolve: (answer, _args, context) => accountAfter(context, answer, answer.input.accountId),
      }),
    }),
  });
}

/** The account right after a command: as decided, or for a replay as in its recorded answer. */
export function accountAfter(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
): AccountAt | Promise<AccountAt> {
  const decided = answer.result.stateOf(accountDecider, id);
  return decided === null ? accountBehind(context, answer, id) : toAccountAt(decided, answer.at);
}

async function accountBehind(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
): Promise<AccountAt> {
  const request = { decider: accountDecider, id, view: accountsView };
  const found = await stateBehind<Account, AccountEvent>(context, answer, request);
  if (found === null)
    throw new Error(`there is no account ${id} at sequence ${sequenceOf(answer.at)}`);
  return toAccountAt(found, answer.at);
}
