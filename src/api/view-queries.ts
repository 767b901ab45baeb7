import { oneLine } from '../lib/one-line.ts';
import type { ViewRow } from '../views/store.ts';
import type { Builder } from './builder.ts';
import { access } from './root-access.ts';

/** Adds `Query.views`, which shows operators how far each view has folded the log. */
export function addViewQueries(builder: Builder): void {
  const status = builder.enumType('ViewPhase', {
    description: 'The status of a view.',
    values: {
      BUILDING: {
        value: 'building',
        description: 'The view is being built from the log and cannot be read yet.',
      },
      LIVE: { value: 'live', description: 'The view follows the log and can be read.' },
      PARKED: {
        value: 'parked',
        description: 'The view failed on an event and does not advance. Other views advance.',
      },
    } as const,
  });
  const view = builder.objectRef<ViewRow>('View').implement({
    description: 'A read model: documents folded from the log and kept for every moment.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The unique name of the view.' }),
      version: t.exposeInt('version', {
        description: "The version of the view's definition. A new version is built from the log.",
      }),
      status: t.expose('status', { type: status, description: 'The status of the view.' }),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: 'The sequence number up to which the view has folded the log.',
      }),
      failedAt: t.field({
        type: 'Sequence',
        nullable: true,
        description: oneLine`The sequence number of the event at which the view has stopped: it is
          parked, or only a newer server can read the event. Null if the view advances.`,
        resolve: ({ error }) => error?.sequence ?? null,
      }),
      error: t.string({
        nullable: true,
        description: 'Why the view has stopped, in one sentence. Null if the view advances.',
        resolve: ({ error }) => error?.message ?? null,
      }),
    }),
  });
  builder.queryField('views', (t) =>
    t.field({
      extensions: access('LOG'),
      type: [view],
      nullable: true,
      description: 'Lists the views of this server and how far each has folded the log.',
      resolve(_root, _args, { engine, readsOutsideLog }) {
        readsOutsideLog('views');
        const newer = engine.views.unreadable();
        const isStopped = ({ checkpoint }: ViewRow) => checkpoint < (newer?.sequence ?? 0);
        return engine.views
          .rows()
          .map((row) => (row.error === null && isStopped(row) ? { ...row, error: newer } : row));
      },
    }),
  );
}
