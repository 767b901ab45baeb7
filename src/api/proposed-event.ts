import type { PendingEvent } from '../kernel/log.ts';
import type { Builder } from './builder.ts';

/** The ProposedEvent type: an event that a dry run would record. */
export function addProposedEvent(builder: Builder) {
  return builder.objectRef<PendingEvent>('ProposedEvent').implement({
    description: `An event that a dry run would record. It has no place in the log, and the command
      itself may record another one later: the state may have changed, and fresh ids differ.`.replace(
      /\s+/g,
      ' ',
    ),
    fields: (t) => ({
      type: t.exposeString('type'),
      streamId: t.exposeID('streamId', { description: 'The entity to which it would happen.' }),
      version: t.exposeInt('version', {
        description: 'The place that it would have in its stream, from 1.',
      }),
      occurredAt: t.expose('occurredAt', {
        type: 'DateTime',
        nullable: true,
        description:
          'When it happened, if the command says so. Null: when the log would record it.',
      }),
      data: t.expose('data', { type: 'JSON' }),
    }),
  });
}
