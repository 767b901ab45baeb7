import { accessEnum } from '../../../access/account-access.ts';
import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import { enumTypeOf } from '../../../api/field-types.ts';
import { parseId, parseNewId, parseOptionalText, parseText } from '../../../api/input.ts';
import { createdId, fieldAfter } from '../../../api/state-after.ts';
import type { CommandDefinition } from '../../../kernel/command.ts';
import { oneLine } from '../../../lib/one-line.ts';
import * as commands from '../commands.ts';
import { currencyFault } from '../currencies.ts';
import type { AccountRefs } from './account.ts';
import { accountAfter, accountField, toAccountId } from './account-after.ts';

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
  addAccessCommands(parts, refs);
}

function addOpenAccount({ addCommand }: ApiParts, refs: AccountRefs): void {
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
      account: t.field(accountField(refs, (answer) => answer.input.accountId ?? createdId(answer))),
    }),
  });
}

function parseCurrency(currency: string): string {
  const fault = currencyFault(currency);
  return fault === null ? currency : badInput(fault, 'currency');
}

function addCashCommand(
  { addCommand }: ApiParts,
  refs: AccountRefs,
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
    payload: (t) => ({ account: t.field(accountField(refs, toAccountId)) }),
  });
}

function addTransferCash({ addCommand }: ApiParts, refs: AccountRefs): void {
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
      from: t.field(
        fieldAfter({
          type: refs.account,
          description: 'The sending account after the command.',
          state: accountAfter,
          idOf: ({ input }) => input.fromAccountId,
        }),
      ),
      to: t.field({
        type: refs.account,
        nullable: true,
        description:
          'The receiving account after the command. Null if the actor may not see the account.',
        resolve: async (answer, _args, context) => {
          const { toAccountId } = answer.input;
          if (!(await context.visibility.mayView(toAccountId))) return null;
          return accountAfter(context, answer, toAccountId);
        },
      }),
    }),
  });
}

function addStatusCommand(
  { addCommand }: ApiParts,
  refs: AccountRefs,
  command: CommandDefinition<commands.ChangeAccount>,
): void {
  addCommand<commands.ChangeAccount>({
    command,
    input: (t) => ({ accountId: t.id(accountIdField), reason: t.string(reasonField) }),
    parse: ({ accountId, reason }: commands.ChangeAccount) => ({
      accountId: parseId('accountId', accountId),
      reason: parseOptionalText('reason', reason),
    }),
    payload: (t) => ({ account: t.field(accountField(refs, toAccountId)) }),
  });
}

function addCloseAccount({ addCommand }: ApiParts, refs: AccountRefs): void {
  addCommand<{ readonly accountId: string }>({
    command: commands.closeAccount,
    input: (t) => ({ accountId: t.id(accountIdField) }),
    parse: ({ accountId }: { readonly accountId: string }) => ({
      accountId: parseId('accountId', accountId),
    }),
    payload: (t) => ({ account: t.field(accountField(refs, toAccountId)) }),
  });
}

/** Adds the mutations with which an owner lets other actors in. */
function addAccessCommands({ builder, addCommand }: ApiParts, refs: AccountRefs): void {
  const actorField = {
    required: true,
    description: 'The actor whose access changes, 1 to 200 characters. It must not be the owner.',
  } as const;
  addCommand<commands.GrantAccess>({
    command: commands.grantAccess,
    input: (t) => ({
      accountId: t.id(accountIdField),
      actor: t.string(actorField),
      access: t.field({
        type: enumTypeOf(builder, accessEnum),
        required: true,
        description: 'What the actor may do with the account from now on.',
      }),
    }),
    parse: ({ accountId, actor, access }: commands.GrantAccess) => ({
      accountId: parseId('accountId', accountId),
      actor: parseText('actor', actor),
      access,
    }),
    payload: (t) => ({ account: t.field(accountField(refs, toAccountId)) }),
  });
  addCommand<commands.ChangeAccess>({
    command: commands.revokeAccess,
    input: (t) => ({ accountId: t.id(accountIdField), actor: t.string(actorField) }),
    parse: ({ accountId, actor }: commands.ChangeAccess) => ({
      accountId: parseId('accountId', accountId),
      actor: parseText('actor', actor),
    }),
    payload: (t) => ({ account: t.field(accountField(refs, toAccountId)) }),
  });
}
