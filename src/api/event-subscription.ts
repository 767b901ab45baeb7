import { type EventFrame, ReaderTooSlowError, watchEvents } from '../feed/watch-events.ts';
import type { Builder } from './builder.ts';
import type { ApiContext } from './context.ts';
import { toApiError } from './engine-errors.ts';
import { codedError } from './errors.ts';
import { type EventConnectionRefs, type EventFilterInput, toEventFilter } from './event-queries.ts';
import type { EventRef } from './event-types.ts';

/** Subscription.events: the log itself, live and resumable. */
export function addEventSubscription(
  builder: Builder,
  event: EventRef,
  { filter }: EventConnectionRefs,
): void {
  const frame = builder.objectRef<EventFrame>('EventFrame').implement({
    description: 'An event, or only how far the filter has looked.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'Resume after this one.',
      }),
      event: t.expose('event', {
        type: event,
        nullable: true,
        description: 'Null: nothing up to this sequence has passed the filter.',
      }),
    }),
  });
  builder.subscriptionField('events', (t) =>
    t.field({
      type: frame,
      description: `Everything after a sequence, in order, each once, then live, without a seam;
        from now on, when no sequence is given.`.replace(/\s+/g, ' '),
      args: { after: t.arg({ type: 'Sequence' }), filter: t.arg({ type: filter }) },
      subscribe: (_root, args, context) => watchLog(context, args.after, args.filter ?? {}),
      resolve: (value) => value,
    }),
  );
}

/** The events after a sequence that pass a filter; from now on, when no sequence is given. */
export async function* watchLog(
  context: ApiContext,
  after: number | null | undefined,
  filter: EventFilterInput,
): AsyncGenerator<EventFrame, void, undefined> {
  const { engine, signal } = context;
  const { log, feed } = engine;
  if (after != null) await context.assertRecorded(after);
  const start = after ?? feed.tail();
  try {
    yield* watchEvents({ log, feed, filter: toEventFilter(filter), after: start, signal });
  } catch (error) {
    if (error instanceof ReaderTooSlowError) throw codedError(error.code, error.message);
    throw toApiError(error);
  }
}
