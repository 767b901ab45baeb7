import type { JsonObject } from '../kernel/event.ts';
import { changesBetween, type JsonChange } from '../kernel/json-changes.ts';
import type { Moment } from '../kernel/moment.ts';
import { oneLine } from '../lib/one-line.ts';
import type { EventFilter } from '../log/read.ts';
import { baseSequenceOf, type ReadPoint } from '../views/read-point.ts';
import type { ApiParts } from './api-parts.ts';
import { badInput } from './errors.ts';
import { readEventConnection } from './event-queries.ts';
import { oncePerSchema } from './once.ts';
import type { RequestContext } from './request-context.ts';

/** The differences between two states of one thing, and what is between them. */
interface Comparison {
  readonly from: ReadPoint;
  readonly to: ReadPoint;
  readonly changes: readonly JsonChange[];
  /** The events of the thing. */
  readonly filter: EventFilter;
}

/** The states of a thing at two moments, as JSON objects with the names of the API. */
interface Compared extends TwoMoments {
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly filter: EventFilter;
}

export function toComparison({ before, after, from, to, filter }: Compared): Comparison {
  return { from, to, changes: changesBetween(before, after), filter };
}

/** The moments of a comparison. */
export interface TwoMoments {
  readonly from: ReadPoint;
  readonly to: ReadPoint;
}

/** The moments of a comparison; throws BAD_USER_INPUT if `from` is after `to`. */
export async function twoMoments(
  context: RequestContext,
  moments: { readonly from: Moment; readonly to: Moment },
): Promise<TwoMoments> {
  const [from, to] = await Promise.all([
    context.readPointOf(moments.from, 'from'),
    context.readPointOf(moments.to, 'to'),
  ]);
  if (baseSequenceOf(from) <= baseSequenceOf(to)) return { from, to };
  const places = `sequence ${baseSequenceOf(from)} and sequence ${baseSequenceOf(to)}`;
  return badInput(`from must not be after to: they are ${places}`, 'from');
}

/** The types Comparison and Change, added once to a schema. */
export const comparisonType = oncePerSchema(addComparison);

function addComparison({ builder, event, events }: ApiParts) {
  const change = builder.objectRef<JsonChange>('Change').implement({
    description: 'A field that differs between two moments.',
    fields: (t) => ({
      path: t.exposeString('path', {
        description: oneLine`The names that lead to the field, separated by dots, like
          "positions.MSFT.quantity". A name that has a dot is written as a JSON string:
          "positions.\\"BRK.B\\".quantity".`,
      }),
      before: t.expose('before', {
        type: 'JSON',
        nullable: true,
        description: 'The value at the first moment. Null if there was none.',
      }),
      after: t.expose('after', {
        type: 'JSON',
        nullable: true,
        description: 'The value at the second moment. Null if there is none.',
      }),
    }),
  });
  return builder.objectRef<Comparison>('Comparison').implement({
    description: oneLine`What has changed between two moments: the fields that differ, and the
      events in between.`,
    fields: (t) => ({
      from: t.field({
        type: 'Sequence',
        description: 'The sequence number of the first moment.',
        resolve: ({ from }) => baseSequenceOf(from),
      }),
      to: t.field({
        type: 'Sequence',
        description: 'The sequence number of the second moment.',
        resolve: ({ to }) => baseSequenceOf(to),
      }),
      changes: t.field({
        type: [change],
        description: oneLine`The fields that differ. With \`before\` replaced by \`after\` in each
          of them, the first state becomes the second one.`,
        resolve: ({ changes }) => [...changes],
      }),
      events: t.connection(
        {
          type: event,
          description: oneLine`The events after the first moment, up to the second one, in order: of
            the account or the order, or of the whole log for a trial balance.`,
          resolve: ({ filter, from, to }, args, context) =>
            readEventConnection(context, filter, args, to, baseSequenceOf(from)),
        },
        events.connection,
        events.edge,
      ),
    }),
  });
}
