import type { ConsumerRow } from '../consumers/store.ts';
import type { Builder } from './builder.ts';

/** Query.consumers: how far each consumer is, for operators. */
export function addConsumerQueries(builder: Builder): void {
  const consumer = builder.objectRef<ConsumerRow>('Consumer').implement({
    description: 'Something that reacts to events, and to times that they set.',
    fields: (t) => ({
      name: t.exposeString('name'),
      version: t.exposeInt('version'),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: 'The sequence up to which it has worked through the log.',
      }),
      pendingTimers: t.exposeInt('pendingTimers', {
        description: 'How many times it waits for.',
      }),
      nextDueAt: t.expose('nextDueAt', {
        type: 'DateTime',
        nullable: true,
        description: 'The first of them; null when there is none.',
      }),
      error: t.exposeString('error', {
        nullable: true,
        description: 'Why it stands still, or what its last command has failed with.',
      }),
    }),
  });
  builder.queryField('consumers', (t) =>
    t.field({
      type: [consumer],
      description: 'The consumers of this log, whichever server runs them.',
      resolve: async (_root, _args, { engine, read }) => [
        ...(await read(() => engine.consumers.rows())),
      ],
    }),
  );
}
