import { type EventFrame, ReaderTooSlowError, watchEvents } from '../feed/watch-events.ts';
import { oneLine } from '../lib/one-line.ts';
import type { EventFilter } from '../log/read.ts';
import type { Builder } from './builder.ts';
import { toApiError } from './engine-errors.ts';
import { codedError, within } from './errors.ts';
import type { EventConnectionRefs } from './event-queries.ts';
import type { EventRef } from './event-types.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

/** Adds `Subscription.events`, the live log, which a client can resume after any event. */
export function addEventSubscription(
  builder: Builder,
  event: EventRef,
  { filter, parseFilter }: EventConnectionRefs,
): void {
  const frame = builder.objectRef<EventFrame>('EventFrame').implement({
    description: 'A frame of Subscription.events: an event, or only the progress of the filter.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: oneLine`The sequence number that the subscription has reached. To resume,
          subscribe with it as \`after\`.`,
      }),
      event: t.expose('event', {
        type: event,
        nullable: true,
        description: oneLine`The event. Null in the first frame, and if the frame only reports
          progress: no event since the previous frame, up to this sequence number, matches the
          filter.`,
      }),
    }),
  });
  builder.subscriptionField('events', (t) =>
    t.field({
      extensions: access('LOG'),
      type: frame,
      description: oneLine`Sends every event after a sequence number, in order and exactly once:
        first the recorded events, then each new event. The first frame has no event and is sent at
        once. Other frames without an event report progress. To resume, pass the \`sequence\` of the
        last frame as \`after\`.`,
      args: {
        after: t.arg({
          type: 'Sequence',
          description: oneLine`The sequence number after which to begin; "0" begins with the first
            event. If omitted, only events recorded from now on are sent.`,
        }),
        filter: t.arg({
          type: filter,
          description: 'The filter to apply. If omitted, all events match.',
        }),
      },
      subscribe: (_root, args, context) =>
        watchLog(
          context,
          args.after,
          within('filter', () => parseFilter(args.filter)),
        ),
      resolve: (value) => value,
    }),
  );
}

/**
 * The events after a sequence number that pass a filter, in order and exactly once; without a
 * sequence number, only those recorded from now on.
 */
export async function* watchLog(
  context: RequestContext,
  after: number | null | undefined,
  filter: EventFilter,
): AsyncGenerator<EventFrame, void, undefined> {
  const { engine, signal, inTurn } = context;
  const { reads, feed } = engine;
  if (after != null) await context.assertRecorded(after, 'after');
  const start = after ?? nowFor(context);
  const watched = { log: reads.log, feed, filter, after: start, signal, inTurn };
  try {
    for await (const frame of watchEvents(watched)) {
      // The feed may be ahead of the views, and this actor's next read must not be older.
      context.shows(frame.sequence);
      yield frame;
    }
  } catch (error) {
    if (error instanceof ReaderTooSlowError) throw codedError(error.code, error.message);
    throw toApiError(error);
  }
}

/** The last sequence number that this process knows of, not less than any returned to the actor. */
function nowFor({ actor, engine: { feed, views, answered } }: RequestContext): number {
  return Math.max(feed.tail(), views.checkpoint(), answered.leastFor(actor));
}
