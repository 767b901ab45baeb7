import { oneLine } from '../lib/one-line.ts';
import { parseUuid } from '../lib/uuid.ts';
import { asOfDescription } from './as-of.ts';
import type { Builder } from './builder.ts';
import { addCommandFilter, addOutcome, parseCommandFilter } from './command-filter.ts';
import { findCommand, readCommandConnection } from './command-reads.ts';
import { addCommandRecord, type CommandRecordRef } from './command-record-type.ts';
import { within } from './errors.ts';
import type { EventRef } from './event-types.ts';
import { access } from './root-access.ts';
import type { RoleRef } from './viewer.ts';

interface CommandQueryTypes {
  readonly event: EventRef;
  readonly role: RoleRef;
}

/** Adds the queries `commands` and `command`; returns the type of a command record. */
export function addCommandQueries(builder: Builder, types: CommandQueryTypes): CommandRecordRef {
  const outcome = addOutcome(builder);
  const record = addCommandRecord(builder, { ...types, outcome });
  const filter = addCommandFilter(builder, outcome);
  const edge = builder.edgeObject({ name: 'CommandEdge', type: record });
  const connection = builder.connectionObject(
    {
      name: 'CommandConnection',
      type: record,
      description: oneLine`A page of command records. With a filter, a page may be shorter than
        requested, even empty, although there are more records: continue after endCursor while
        hasNextPage is true. With \`last\`, continue before startCursor while hasPreviousPage is
        true.`,
    },
    edge,
  );
  builder.queryFields((t) => ({
    commands: t.connection(
      {
        type: record,
        nullable: true,
        extensions: access('LOG'),
        description: oneLine`Lists what was asked of the log, by every actor and process, and what
          became of it, in the order of recording. Dry runs, repetitions under the same idempotency
          key and requests that were malformed are not recorded. Commands that were decided by an
          earlier release have no record.`,
        args: {
          filter: t.arg({
            type: filter,
            description: 'The filter to apply. If omitted, all records match.',
          }),
          asOf: t.arg({ type: 'Moment', description: commandsAsOfDescription }),
        },
        resolve: (_root, { filter: wanted, asOf, ...paging }, context) => {
          context.readsOutsideLog('commands');
          const parsed = within('filter', () => parseCommandFilter(wanted));
          return readCommandConnection(context, parsed, paging, asOf);
        },
      },
      connection,
      edge,
    ),
    command: t.field({
      type: record,
      nullable: true,
      extensions: access('LOG'),
      description: 'Returns the record of a command by its id. Null if there is none.',
      args: {
        id: t.arg.id({
          required: true,
          description: 'The UUID of the command, such as commandId of an event.',
        }),
      },
      resolve: (_root, { id }, context) => {
        context.readsOutsideLog('commands');
        const uuid = parseUuid(id);
        return uuid === null ? null : findCommand(context, uuid);
      },
    }),
  }));
  return record;
}

const commandsAsOfDescription = oneLine`${asOfDescription} A time includes the records up to it; a
  sequence number includes those whose sequence is at most this.`;
