import type { ShownEvent } from '../access/event-access.ts';
import type { CommandRecord } from '../kernel/command-record.ts';
import { roleDescriptions } from '../kernel/role.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import type { OutcomeRef } from './command-filter.ts';
import type { CommandAt } from './command-reads.ts';
import { correlationIdRule } from './correlation-id.ts';
import { codedError } from './errors.ts';
import { type EventRef, eventAt } from './event-types.ts';
import type { RequestContext } from './request-context.ts';
import type { RoleRef } from './viewer.ts';

/** The types of the fields of a record. */
interface RecordFieldTypes {
  readonly event: EventRef;
  readonly role: RoleRef;
  readonly outcome: OutcomeRef;
}

export function addCommandRecord(builder: Builder, { event, role, outcome }: RecordFieldTypes) {
  return builder.objectRef<CommandAt>('CommandRecord').implement({
    description: oneLine`What was asked, by whom, and what became of it. It is recorded together
      with the events of the command, and never changes.`,
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'The UUID of the command, which is commandId of its events.',
      }),
      name: t.exposeString('name', {
        description: oneLine`The name of the command, like \`depositCash\`. Commands of clients have
          the names of mutations.`,
      }),
      actor: t.exposeString('actor', {
        description: 'The actor that sent the command: a client, or a process of the server.',
      }),
      roles: t.field({
        type: [role],
        description: 'The roles of the actor when it sent the command.',
        resolve: ({ roles }) => roles.filter((name) => Object.hasOwn(roleDescriptions, name)),
      }),
      input: t.field({ type: 'JSON', description: inputDescription, resolve: openInput }),
      outcome: t.expose('outcome', { type: outcome, description: 'What became of the command.' }),
      code: t.exposeString('code', {
        nullable: true,
        description: 'The code of the rejection. Null if the command was accepted.',
      }),
      message: t.exposeString('message', {
        nullable: true,
        description: 'The message of the rejection. Null if the command was accepted.',
      }),
      events: t.field({
        type: [event],
        description: oneLine`The events that the command recorded, in order. If the events of an
          operation's records number more than ${eventsMax}, this field returns a TOO_MANY_EVENTS
          error: read them with Query.events instead.`,
        resolve: async (record, _args, context) =>
          (await readEvents(context, record)).map((event) => eventAt(event, record.at)),
      }),
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'The sequence number of the head of the log right after the command.',
      }),
      recordedAt: t.expose('recordedAt', {
        type: 'DateTime',
        description: oneLine`The time at which the command was recorded. For a command with events,
          the time of its last event.`,
      }),
      idempotencyKey: t.exposeString('idempotencyKey', {
        nullable: true,
        description: 'The idempotency key of the command. Null if it had none.',
      }),
      correlationId: t.exposeID('correlationId', {
        description: oneLine`The id that ties related commands and events together,
          ${correlationIdRule}. It is equal to id if neither the request nor a causing event has
          one.`,
      }),
      causationId: t.exposeID('causationId', {
        nullable: true,
        description:
          'The id of the event that caused the command. Null if a client sent the command.',
      }),
      transport: t.exposeString('transport', {
        description: oneLine`How the command reached the server: \`http\`, \`sse\` or \`websocket\`;
          \`bridge\`: as a message of another system; \`process\`: a process of the server sent
          it.`,
      }),
    }),
  });
}

export type CommandRecordRef = ReturnType<typeof addCommandRecord>;

function openInput({ input }: CommandAt, _args: object, { openDocument }: RequestContext) {
  return openDocument(input);
}

const inputDescription = oneLine`The command's own input, and expectedVersion and occurredAt if they
  were given. Members that are null are left out, and so
  are personal texts of commands that recorded none. Personal texts are null once the person is
  forgotten. An input of more than 16 KiB is recorded without
  its largest members: its member \`$truncated\` then has the size of the whole in \`bytes\`, and
  the names of the missing members in \`members\`.`;

/** The events that the records of one operation may have in total. */
const eventsMax = 20_000;
const eventCounts = new WeakMap<RequestContext, number>();

async function readEvents(
  context: RequestContext,
  { sequence, eventCount }: CommandRecord,
): Promise<readonly ShownEvent[]> {
  if (eventCount === 0) return [];
  const count = (eventCounts.get(context) ?? 0) + eventCount;
  eventCounts.set(context, count);
  if (count > eventsMax) {
    const rule = `the records of an operation may have at most ${eventsMax} events`;
    throw codedError('TOO_MANY_EVENTS', `${rule}: read the events with Query.events instead`);
  }
  const page = { after: sequence - eventCount, before: sequence + 1, limit: eventCount };
  return context.visibility.events(await context.events({}, page));
}
