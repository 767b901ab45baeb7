import type { StoredEvent } from '../kernel/event.ts';
import { parseSequence } from '../kernel/moment.ts';
import { oneLine } from '../lib/one-line.ts';
import { parseUuid } from '../lib/uuid.ts';
import { type EventFilter, scanWhile } from '../log/read.ts';
import { baseSequenceOf, isWouldBe, type ReadPoint } from '../views/read-point.ts';
import { asOfDescription } from './as-of.ts';
import type { Builder } from './builder.ts';
import { correlationIdRule } from './correlation-id.ts';
import { badInput, codedError, within } from './errors.ts';
import { type ParseEventFilter, typesMax } from './event-filter.ts';
import { type EventAt, type EventRefs, type EventTypeRef, eventAt } from './event-types.ts';
import { parseId } from './input.ts';
import { type Connection, goingOnAt, type PagingArgs, parsePage, toConnection } from './paging.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

/** Adds the queries `events`, `event` and `log`; returns the types of a connection of events. */
export function addEventQueries(
  builder: Builder,
  { event, eventType }: Pick<EventRefs, 'event' | 'eventType'>,
  parseFilter: ParseEventFilter,
) {
  const filter = addEventFilter(builder, eventType);
  const edge = builder.edgeObject({ name: 'EventEdge', type: event });
  const connection = builder.connectionObject(
    {
      name: 'EventConnection',
      type: event,
      description: oneLine`A page of events. Its cursors are sequence numbers. With a filter of
        several fields, a page may be shorter than requested, even empty, although there are more
        events: continue after endCursor while hasNextPage is true. With \`last\`, continue before
        startCursor while hasPreviousPage is true.`,
    },
    edge,
  );
  builder.queryFields((t) => ({
    events: t.connection(
      {
        extensions: access('LOG'),
        type: event,
        nullable: true,
        description: 'Lists the events recorded up to a moment, in order of sequence number.',
        args: {
          filter: t.arg({
            type: filter,
            description: 'The filter to apply. If omitted, all events match.',
          }),
          asOf: t.arg({ type: 'Moment', description: asOfDescription }),
        },
        resolve: async (_root, { filter: wanted, asOf, ...paging }, context) =>
          readEventConnection(
            context,
            within('filter', () => parseFilter(wanted)),
            paging,
            await context.readPointOf(asOf),
          ),
      },
      connection,
      edge,
    ),
    event: t.field({
      extensions: access('LOG'),
      type: event,
      nullable: true,
      description: oneLine`Returns an event by its id or by its sequence number, exactly one of
        which is required. Null if there is no such event.`,
      args: {
        id: t.arg.id({ description: 'The UUID of the event.' }),
        sequence: t.arg({ type: 'Sequence', description: 'The sequence number of the event.' }),
      },
      resolve: async (_root, { id, sequence }, context) => findEvent(context, id, sequence),
    }),
  }));
  addLogQuery(builder);
  return { filter, parseFilter, connection, edge };
}

export type EventConnectionRefs = ReturnType<typeof addEventQueries>;

function addEventFilter(builder: Builder, eventType: EventTypeRef) {
  return builder.inputType('EventFilter', {
    description: 'A filter for events. An event must match all fields that are given.',
    fields: (t) => ({
      types: t.field({
        type: [eventType],
        description: oneLine`The 1 to ${typesMax} event types of which the event must have one. If
          omitted, every type matches.`,
      }),
      streamId: t.id({
        description: oneLine`The stream of the event: a category, a hyphen and the entity's id,
          like "account-<accountId>". If omitted, every stream matches.`,
      }),
      actor: t.string({
        description: 'The actor that sent the command. If omitted, every actor matches.',
      }),
      correlationId: t.id({
        description: oneLine`The correlation id of the event, ${correlationIdRule}. If omitted,
          every event matches.`,
      }),
    }),
  });
}

/**
 * Reads a page of the log up to a read point, and after a sequence number, 0 by default; throws
 * BAD_USER_INPUT for a dry run.
 */
export async function readEventConnection(
  context: RequestContext,
  filter: EventFilter,
  paging: PagingArgs,
  at: ReadPoint,
  since = 0,
): Promise<Connection<EventAt>> {
  if (isWouldBe(at)) {
    throw codedError(
      'BAD_USER_INPUT',
      'a dry run records no events to list: select proposedEvents of its payload instead',
    );
  }
  const page = parsePage(paging, parseCursor);
  const wanted = {
    after: Math.max(page.after ?? 0, since),
    before: Math.min(page.before ?? Number.MAX_SAFE_INTEGER, baseSequenceOf(at) + 1),
    limit: page.size + 1,
    descending: page.fromEnd,
  };
  const scanUntil = performance.now() + scanMsMax;
  const { events, stoppedAt } = await scanWhile(
    (rest) => context.scan(filter, rest),
    wanted,
    () => performance.now() < scanUntil && !context.signal.aborted,
  );
  const found = toConnection(page, events, (event) => ({
    cursor: String(event.sequence),
    node: event,
  }));
  const shown = await showEdges(context, found, at);
  return stoppedAt === null ? shown : goingOnAt(shown, page, String(stoppedAt));
}

/** The page with the events that the actor may see, as it may see them. Its bounds stay. */
async function showEdges(
  { visibility }: RequestContext,
  { edges, pageInfo }: Connection<StoredEvent>,
  at: ReadPoint,
): Promise<Connection<EventAt>> {
  const shown = await visibility.events(edges.map(({ node }) => node));
  const nodes = shown.map((event) => eventAt(event, at));
  return { edges: nodes.map((node) => ({ cursor: String(node.sequence), node })), pageInfo };
}

/** The time after which a page is answered with fewer events than requested. */
const scanMsMax = 200;

function parseCursor(text: string, name: string): number {
  const given = text.slice(0, 50);
  return (
    parseSequence(text) ??
    badInput(`a cursor of events must be a sequence number like "42", not "${given}"`, name)
  );
}

async function findEvent(
  context: RequestContext,
  id: string | null | undefined,
  sequence: number | null | undefined,
): Promise<EventAt | null> {
  if ((id == null) === (sequence == null)) {
    const rule = 'event requires exactly one of id and sequence';
    badInput(rule, id == null ? 'id' : 'sequence');
  }
  const at = await context.pinnedSequence();
  if (id != null) return readEvent(context, parseId('id', id), at);
  const page = { after: (sequence ?? 0) - 1, before: Math.min(sequence ?? 0, at) + 1, limit: 1 };
  const [event] = await context.events({}, page);
  return event ?? null;
}

/** The event with an id at a read point; null if no event that the actor may see has it. */
export async function readEvent(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<EventAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const page = { after: 0, before: baseSequenceOf(at) + 1, limit: 1 };
  const [event] = await context.visibility.events(await context.events({ id: uuid }, page));
  return event === undefined ? null : eventAt(event, at);
}

function addLogQuery(builder: Builder): void {
  const log = builder.objectRef<{ readonly sequence: number }>('Log').implement({
    description: 'The head of the log, which is its last event, now or as of a moment.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'The sequence number of the last event; 0 if the log is empty.',
      }),
      recordedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'The time at which the last event was recorded. Null if the log is empty.',
        resolve: async ({ sequence }, _args, context) => {
          const page = { after: sequence - 1, before: sequence + 1, limit: 1 };
          const [last] = await context.events({}, page);
          return last?.recordedAt ?? null;
        },
      }),
    }),
  });
  builder.queryField('log', (t) =>
    t.field({
      extensions: access('LOG'),
      type: log,
      nullable: true,
      description: 'Returns the head of the log, as of a moment.',
      args: { asOf: t.arg({ type: 'Moment', description: asOfDescription }) },
      resolve: async (_root, { asOf }, context) => {
        const at = await context.readPointOf(asOf);
        context.readsHead(at);
        return { sequence: baseSequenceOf(at) };
      },
    }),
  );
}
