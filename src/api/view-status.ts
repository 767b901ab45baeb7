import { forbidden } from '../access/command-rights.ts';
import { Forbidden } from '../kernel/command.ts';
import { text } from '../kernel/field.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import type { RejectionDefinition } from '../kernel/rejection.ts';
import { hasRole } from '../kernel/role.ts';
import { oneLine } from '../lib/one-line.ts';
import { RebuildError } from '../rebuild/errors.ts';
import type { ViewStatuses, ViewStatusRow } from '../rebuild/statuses.ts';
import type { Builder } from './builder.ts';
import { toApiError } from './engine-errors.ts';
import type { RejectionTypes } from './rejection-types.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

const ViewNotFound = {
  name: 'ViewNotFoundError',
  code: 'VIEW_NOT_FOUND',
  description: 'No view has this name. Query.viewStatus lists the views.',
  fields: { name: text('The name in the input.') },
} satisfies RejectionDefinition;

const ViewNotBuilt = {
  name: 'ViewNotBuiltError',
  code: 'VIEW_NOT_BUILT',
  description: 'The view is not live yet, so there is nothing to replace.',
  fields: { name: text('The name in the input.') },
} satisfies RejectionDefinition;

const ViewBeingRebuilt = {
  name: 'ViewBeingRebuiltError',
  code: 'VIEW_BEING_REBUILT',
  description: 'The view is being rebuilt already. Query.viewStatus has the progress.',
  fields: { name: text('The name in the input.') },
} satisfies RejectionDefinition;

const rejections = [ViewNotFound, ViewNotBuilt, ViewBeingRebuilt];

/** Adds the status of views as query and subscription, and the mutation that rebuilds a view. */
export function addViewStatus(builder: Builder, rejection: RejectionTypes): void {
  const status = addStatus(builder);
  builder.queryField('viewStatus', (t) =>
    t.field({
      extensions: access('LOG'),
      type: [status],
      nullable: true,
      description: 'Lists the views, how far each has folded the log, and whether it is rebuilt.',
      async resolve(_root, _args, { engine, read, readsOutsideLog }) {
        readsOutsideLog('viewStatus');
        return [...(await read(() => engine.rebuilds.statuses())).views];
      },
    }),
  );
  const frame = builder.objectRef<ViewStatuses>('ViewStatusFrame').implement({
    description: 'The status of all views.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'The sequence number of the head of the log when the status was read.',
      }),
      views: t.field({
        type: [status],
        description: 'The status of each view.',
        resolve: ({ views }) => [...views],
      }),
    }),
  });
  builder.subscriptionField('viewStatus', (t) =>
    t.field({
      extensions: access('LOG'),
      type: frame,
      description: oneLine`Sends the status of all views first, then again when it has changed, at
        most once a second. To resume, subscribe again.`,
      subscribe: (_root, _args, context) => watchStatuses(context),
      resolve: (value) => value,
    }),
  );
  addRebuild(builder, status, rejection);
}

async function* watchStatuses({ engine, signal }: RequestContext) {
  try {
    yield* engine.rebuilds.watch(signal);
  } catch (error) {
    throw toApiError(error);
  }
}

function addStatus(builder: Builder) {
  return builder.objectRef<ViewStatusRow>('ViewStatus').implement({
    description: 'The status of a view, the same on every server.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The unique name of the view.' }),
      version: t.exposeInt('version', {
        description: "The version of the view's definition on this server.",
      }),
      status: t.exposeString('status', {
        description: oneLine`The status of the view. \`BUILDING\`: it is being built from the log
          and cannot be read yet. \`LIVE\`: it follows the log and can be read. \`REBUILDING\`: it
          is live, and a copy is being built beside it. \`PARKED\`: it failed on an event and does
          not advance.`,
      }),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: 'The sequence number up to which the view has folded the log.',
      }),
      lagEvents: t.int({
        description: 'The number of events in the log after the checkpoint.',
        resolve: ({ headSequence, checkpoint }) => Math.max(0, headSequence - checkpoint),
      }),
      lagSeconds: t.exposeFloat('lagSeconds', {
        description: oneLine`The time since the first event after the checkpoint was recorded, in
          seconds. 0 if there is no such event.`,
      }),
      progress: t.exposeFloat('progress', {
        nullable: true,
        description: oneLine`How far the view, or its copy, has been built, from 0 to 1. Null if the
          status is neither \`BUILDING\` nor \`REBUILDING\`.`,
      }),
      error: t.exposeString('error', {
        nullable: true,
        description: oneLine`The error that parked the view. If there is none, why its last rebuild
          was not swapped in. Null if there is neither.`,
      }),
      keptUntil: t.expose('keptUntil', {
        type: 'DateTime',
        nullable: true,
        description: oneLine`Until when what the last rebuild has replaced can be swapped back. Null
          if nothing is kept.`,
      }),
    }),
  });
}

function addRebuild(
  builder: Builder,
  status: ReturnType<typeof addStatus>,
  rejection: RejectionTypes,
): void {
  const payload = builder
    .objectRef<{ readonly view: ViewStatusRow }>('RebuildViewPayload')
    .implement({
      description: 'The answer to `rebuildView` if the rebuild has begun.',
      fields: (t) => ({
        view: t.expose('view', { type: status, description: 'The view that is rebuilt.' }),
      }),
    });
  const types = [...rejections, Forbidden];
  const result = builder.unionType('RebuildViewResult', {
    description: 'The answer to `rebuildView`: its payload, or the reason why it was rejected.',
    types: [payload, ...types.map((type) => rejection(type))],
    resolveType: (answer) =>
      'view' in answer
        ? 'RebuildViewPayload'
        : (types.find(({ code }) => code === answer.code)?.name ?? Forbidden.name),
  });
  const input = builder.inputType('RebuildViewInput', {
    description: 'The input of `rebuildView`.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'The name of the view.' }),
    }),
  });
  builder.mutationField('rebuildView', (t) =>
    t.field({
      type: result,
      nullable: true,
      description: oneLine`Begins to build a copy of a view from the log, beside the live one. Once
        it has caught up, both are compared, and the copy is swapped in if they are equal. The
        answer does not wait for that: \`viewStatus\` shows the progress and the outcome. Continues
        with a copy that an earlier rebuild has left. Allowed for actors with the role ADMIN.`,
      extensions: access('COMMAND'),
      args: {
        input: t.arg({ type: input, required: true, description: 'The name of the view.' }),
      },
      resolve: (_root, { input: { name } }, context) => rebuildView(context, name),
    }),
  );
}

async function rebuildView(
  { engine: { rebuilds }, visibility: { caller } }: RequestContext,
  name: string,
): Promise<{ readonly view: ViewStatusRow } | RecordedRejection> {
  if (!hasRole(caller, 'ADMIN')) {
    const { code, message, data } = forbidden(caller);
    return { code, message, data };
  }
  try {
    await rebuilds.start(name);
    const view = (await rebuilds.statuses()).views.find((each) => each.name === name);
    if (view === undefined) throw new Error(`the view ${name} has no status`);
    return { view };
  } catch (error) {
    if (!(error instanceof RebuildError)) throw toApiError(error);
    return { code: error.code, message: error.message, data: { name } };
  }
}
