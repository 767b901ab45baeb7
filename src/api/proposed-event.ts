import type { PendingEvent } from '../kernel/log.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import { type EventTypeRef, streamIdDescription } from './event-types.ts';

/** Adds the `ProposedEvent` type: an event that a dry run would record. */
export function addProposedEvent(builder: Builder, eventType: EventTypeRef) {
  return builder.objectRef<PendingEvent>('ProposedEvent').implement({
    description: oneLine`An event that a dry run would record. It has no sequence number. The
      command may record other events when it is sent, because the state may have changed and new
      ids differ.`,
    fields: (t) => ({
      type: t.expose('type', { type: eventType, description: 'The name of the event type.' }),
      streamId: t.exposeID('streamId', { description: streamIdDescription }),
      version: t.exposeInt('version', {
        description: 'The version that the stream would have right after the event.',
      }),
      occurredAt: t.expose('occurredAt', {
        type: 'DateTime',
        nullable: true,
        description: oneLine`The time at which the fact happened, as stated by the command. Null if
          it would be the time of recording.`,
      }),
      data: t.field({
        type: 'JSON',
        description: "The fields that are specific to the event's type, as a JSON object.",
        resolve: (source, _args, context) => context.openData(source),
      }),
    }),
  });
}
