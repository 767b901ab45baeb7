import type { ConsumerRow } from '../consumers/store.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import { access } from './root-access.ts';

/** Adds `Query.consumers`, which shows operators how far each consumer has read the log. */
export function addConsumerQueries(builder: Builder): void {
  const consumer = builder.objectRef<ConsumerRow>('Consumer').implement({
    description: oneLine`A process manager: it follows the log, keeps timers, and sends a command
      when a timer is due.`,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The unique name of the consumer.' }),
      version: t.exposeInt('version', {
        description: oneLine`The version of the consumer's definition. A new version rebuilds its
          timers from the log.`,
      }),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: oneLine`The sequence number up to which the consumer has processed the log. The
          value may be up to a second old.`,
      }),
      pendingTimers: t.exposeInt('pendingTimers', {
        description: 'The number of timers whose commands have not been answered yet.',
      }),
      nextDueAt: t.expose('nextDueAt', {
        type: 'DateTime',
        nullable: true,
        description: oneLine`The time at which the earliest pending timer is due. It is in the past
          if the command of that timer failed. Null if no timer is pending.`,
      }),
      error: t.exposeString('error', {
        nullable: true,
        description: oneLine`The error that has stopped the consumer, or else the latest error of a
          command that it is retrying. Null if there is none.`,
      }),
    }),
  });
  builder.queryField('consumers', (t) =>
    t.field({
      extensions: access('LOG'),
      type: [consumer],
      nullable: true,
      description: 'Lists the consumers of this log, no matter which server runs them.',
      async resolve(_root, _args, { engine, read, readsOutsideLog }) {
        readsOutsideLog('consumers');
        return [...(await read(() => engine.consumers.rows()))];
      },
    }),
  );
}
