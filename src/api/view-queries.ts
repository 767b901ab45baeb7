import type { ViewRow } from '../views/store.ts';
import type { Builder } from './builder.ts';

/** Query.views: how far each view is, for operators. */
export function addViewQueries(builder: Builder): void {
  const status = builder.enumType('ViewStatus', {
    description: 'PARKED: it failed on an event and stands still; the other views go on.',
    values: {
      BUILDING: { value: 'building' },
      LIVE: { value: 'live' },
      PARKED: { value: 'parked' },
    } as const,
  });
  const view = builder.objectRef<ViewRow>('View').implement({
    description: 'A read model: a fold of the log, kept for every moment.',
    fields: (t) => ({
      name: t.exposeString('name'),
      version: t.exposeInt('version'),
      status: t.expose('status', { type: status }),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: 'The sequence up to which it has folded the log.',
      }),
      failedAt: t.field({
        type: 'Sequence',
        nullable: true,
        description: 'The event on which it is parked.',
        resolve: ({ error }) => error?.sequence ?? null,
      }),
      error: t.string({ nullable: true, resolve: ({ error }) => error?.message ?? null }),
    }),
  });
  builder.queryField('views', (t) =>
    t.field({
      type: [view],
      description: 'The views of this server.',
      resolve: (_root, _args, { engine }) => [...engine.views.rows()],
    }),
  );
}
