import type { ApiParts } from '../../../api/api-parts.ts';
import { readEventConnection } from '../../../api/event-queries.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import { parseUuid } from '../../../lib/uuid.ts';
import { type ReadPoint, shownSequence } from '../../../views/read-point.ts';
import { type Account, accountDecider, availableOf } from '../account.ts';
import { accountsView } from '../views.ts';

/** An account at a read point: what is nested in it answers at the same one. */
export interface AccountAt {
  readonly typename: 'Account';
  readonly account: Account;
  readonly at: ReadPoint;
}

export function toAccountAt(account: Account, at: ReadPoint): AccountAt {
  return { typename: 'Account', account, at };
}

export async function findAccount(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<AccountAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const found = await context.document(accountsView, uuid, at);
  return found === null ? null : toAccountAt(found.document, at);
}

/** The Account type and its status. */
export const accountTypes = oncePerSchema(addAccountTypes);

export type AccountRefs = ReturnType<typeof addAccountTypes>;

function addAccountTypes({ builder, nodes, event, events }: ApiParts) {
  const status = builder.enumType('AccountStatus', {
    description: 'FROZEN: nothing may leave it. CLOSED: for good.',
    values: ['OPEN', 'FROZEN', 'CLOSED'] as const,
  });
  const account = builder.objectRef<AccountAt>('Account').implement({
    description: 'A cash account in one currency.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({ resolve: ({ account }) => account.id }),
      owner: t.string({ resolve: ({ account }) => account.owner }),
      currency: t.string({ description: 'ISO 4217.', resolve: ({ account }) => account.currency }),
      balance: t.field({
        type: 'Decimal',
        description: 'Booked cash.',
        resolve: ({ account }) => account.balance,
      }),
      held: t.field({
        type: 'Decimal',
        description: 'What of it is reserved, for example for open orders.',
        resolve: ({ account }) => account.held,
      }),
      available: t.field({
        type: 'Decimal',
        description: 'balance - held.',
        resolve: ({ account }) => availableOf(account),
      }),
      status: t.field({ type: status, resolve: ({ account }) => account.status }),
      version: t.int({ description: 'Of its stream.', resolve: ({ account }) => account.version }),
      sequence: t.field({
        type: 'Sequence',
        description: `The sequence of the event that last changed it. In a dry run that would change
          it: the end of the log on which the dry run was decided.`.replace(/\s+/g, ' '),
        resolve: ({ account, at }) => shownSequence(account.sequence, at),
      }),
      openedAt: t.field({
        type: 'DateTime',
        description: 'When its opening occurred.',
        resolve: ({ account }) => account.openedAt,
      }),
      updatedAt: t.field({
        type: 'DateTime',
        description: `When the event that last changed it was recorded. In a dry run that would
          change it: when the dry run was decided.`.replace(/\s+/g, ' '),
        resolve: ({ account }) => account.updatedAt,
      }),
      history: t.connection(
        {
          type: event,
          description: `All that happened to it, in order. A dry run refuses this field: its payload
            has the events in proposedEvents.`.replace(/\s+/g, ' '),
          resolve: ({ account, at }, args, context) => {
            const streamId = streamIdOf(accountDecider, account.id);
            return readEventConnection(context, { streamId }, args, at);
          },
        },
        events.connection,
        events.edge,
      ),
    }),
  });
  return { account, status };
}
