import type { ObjectRef } from '@pothos/core';
import { accessEnum } from '../../../access/account-access.ts';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { readEventConnection } from '../../../api/event-queries.ts';
import { enumTypeOf } from '../../../api/field-types.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { parseUuid } from '../../../lib/uuid.ts';
import { type ReadPoint, shownSequence } from '../../../views/read-point.ts';
import { type Account, accountDecider, availableOf, type Grant } from '../account.ts';
import { accountStatusEnum } from '../account-status.ts';
import { accountsView } from '../views.ts';

/** An account at a read point. Its nested fields are read at the same point. */
export interface AccountAt {
  readonly typename: 'Account';
  readonly account: Account;
  readonly at: ReadPoint;
}

/** The source of the type Account for a state that was read at a read point. */
export function toAccountAt(account: Account, at: ReadPoint): AccountAt {
  return { typename: 'Account', account, at };
}

/**
 * Finds an account at a read point. Null if no account has the id, or if the actor may not see it
 * now.
 */
export async function findAccount(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<AccountAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const { visibility } = context;
  if (typeof at !== 'number' && !(await visibility.mayView(uuid))) return null;
  const found = await readAccount(context, uuid, at);
  if (found === null || (typeof at === 'number' && !visibility.admits(found.account))) return null;
  return found;
}

/** Finds an account that the actor may see, because the actor may see what belongs to it. */
export async function readAccount(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<AccountAt | null> {
  const found = await context.views.document(accountsView, id, at);
  return found === null ? null : toAccountAt(found.document, at);
}

/** The types Account and AccountStatus, added once to a schema. */
export const accountTypes = oncePerSchema(addAccountTypes);

export type AccountRefs = ReturnType<typeof addAccountTypes>;

function addAccountTypes(parts: ApiParts) {
  const { builder, nodes } = parts;
  const status = enumTypeOf(builder, accountStatusEnum);
  const account = builder.objectRef<AccountAt>('Account').implement({
    description: 'An account that holds cash in one currency, and shares.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: nodes.idDescription('accountId'),
        resolve: ({ account, at }) => idAt(account.id, at),
      }),
      accountId: t.id({
        description: 'The UUID of the account. It is the same at every moment.',
        resolve: ({ account }) => account.id,
      }),
      owner: t.string({
        description: 'The actor to whom the account belongs.',
        resolve: ({ account }) => account.owner,
      }),
      currency: t.string({
        description: "The account's currency, an ISO 4217 code.",
        resolve: ({ account }) => account.currency,
      }),
      status: t.field({
        type: status,
        description: 'The status of the account.',
        resolve: ({ account }) => account.status,
      }),
    }),
  });
  addCash(parts, account);
  addGrants(parts, account);
  addRevision(parts, account);
  addHistory(parts, account);
  return { account, status };
}

type AccountRef = ObjectRef<ApiTypes, AccountAt>;

function addCash({ builder }: ApiParts, account: AccountRef): void {
  builder.objectFields(account, (t) => ({
    balance: t.field({
      type: 'Decimal',
      description: "The cash in the account, including reserved cash, in the account's currency.",
      resolve: ({ account }) => account.balance,
    }),
    held: t.field({
      type: 'Decimal',
      description: oneLine`The part of the balance that is reserved for open orders, in the
        account's currency.`,
      resolve: ({ account }) => account.held,
    }),
    available: t.field({
      type: 'Decimal',
      description: "The cash that is not reserved (balance minus held), in the account's currency.",
      resolve: ({ account }) => availableOf(account),
    }),
  }));
}

function addGrants({ builder }: ApiParts, account: AccountRef): void {
  const grant = builder.objectRef<Grant>('Grant').implement({
    description: 'The access of an actor to an account that it does not own.',
    fields: (t) => ({
      actor: t.exposeString('actor', { description: 'The actor who was let in.' }),
      access: t.expose('access', {
        type: enumTypeOf(builder, accessEnum),
        description: 'What the actor may do with the account.',
      }),
      grantedBy: t.exposeString('grantedBy', {
        description: 'The actor who gave the access: the owner or an operator.',
      }),
      grantedAt: t.expose('grantedAt', {
        type: 'DateTime',
        description: 'The time at which the access was recorded.',
      }),
    }),
  });
  builder.objectField(account, 'grants', (t) =>
    t.field({
      type: [grant],
      description: 'The actors who were let in, each once, in the order of the last grants.',
      resolve: ({ account: { grants } }) => [...grants],
    }),
  );
}

function addRevision({ builder }: ApiParts, account: AccountRef): void {
  builder.objectFields(account, (t) => ({
    version: t.int({
      description: oneLine`The version of the account's stream, which is the number of its events.
        Pass it as expectedVersion to have a command rejected if the account has changed in the
        meantime.`,
      resolve: ({ account }) => account.version,
    }),
    sequence: t.field({
      type: 'Sequence',
      description: oneLine`The sequence number of the event that last changed the account. In a dry
        run that would change the account, it is the sequence number at which the dry run was
        decided.`,
      resolve: ({ account, at }) => shownSequence(account.sequence, at),
    }),
    openedAt: t.field({
      type: 'DateTime',
      description:
        'The time at which the account was opened: the occurredAt of its AccountOpened event.',
      resolve: ({ account }) => account.openedAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: oneLine`The time at which the event that last changed the account was recorded.
        In a dry run that would change the account, it is the time at which the dry run was
        decided.`,
      resolve: ({ account }) => account.updatedAt,
    }),
  }));
}

function addHistory({ builder, event, events }: ApiParts, account: AccountRef): void {
  builder.objectFields(account, (t) => ({
    history: t.connection(
      {
        type: event,
        description: oneLine`The events of the account, in order. In a dry run, this field returns
          an error: select proposedEvents of the payload instead.`,
        resolve: ({ account, at }, args, context) => {
          const streamId = streamIdOf(accountDecider, account.id);
          return readEventConnection(context, { streamId }, args, at);
        },
      },
      events.connection,
      events.edge,
    ),
  }));
}
