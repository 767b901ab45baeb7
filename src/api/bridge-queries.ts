import { forbidden } from '../access/command-rights.ts';
import { type BridgeChange, isWorking } from '../bridges/control.ts';
import { BridgeNotFoundError } from '../bridges/errors.ts';
import type { BridgeRow } from '../bridges/store.ts';
import { Forbidden } from '../kernel/command.ts';
import { text } from '../kernel/field.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import type { RejectionDefinition } from '../kernel/rejection.ts';
import { hasRole } from '../kernel/role.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import { toApiError } from './engine-errors.ts';
import type { RejectionTypes } from './rejection-types.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

const BridgeNotFound = {
  name: 'BridgeNotFoundError',
  code: 'BRIDGE_NOT_FOUND',
  description: 'No bridge has this name. Query.bridges lists the bridges.',
  fields: { name: text('The name in the input.') },
} satisfies RejectionDefinition;

const changes: Readonly<Record<BridgeChange, string>> = {
  pause: oneLine`Pauses a bridge, on whichever server it runs. The answer comes once the batch in
    flight is finished, within about a second, and nothing is sent afterwards. If the other system
    does not respond, the answer comes after 5 seconds, and the status is not yet \`PAUSED\`. Has no
    effect on a bridge that is already paused.`,
  resume: oneLine`Resumes a bridge that was paused. It continues where it stopped. Has no effect on
    a bridge that is not paused.`,
  retry: oneLine`Starts a parked bridge again, once the cause of its error has been fixed. If the
    cause persists, the bridge is parked again. A bridge that waits for its next attempt tries at
    once.`,
};

/** Adds `Query.bridges` and the mutations with which operators control bridges. */
export function addBridgeQueries(builder: Builder, rejection: RejectionTypes): void {
  const bridge = addBridge(builder);
  builder.queryField('bridges', (t) =>
    t.field({
      extensions: access('LOG'),
      type: [bridge],
      nullable: true,
      description: 'Lists the bridges of this log, no matter which server runs them.',
      async resolve(_root, _args, { engine, read, readsOutsideLog }) {
        readsOutsideLog('bridges');
        return [...(await read(() => engine.bridges.rows()))];
      },
    }),
  );
  const notFound = rejection(BridgeNotFound);
  for (const change of ['pause', 'resume', 'retry'] as const) {
    addChange(builder, change, { bridge, notFound, forbidden: rejection(Forbidden) });
  }
}

function addBridge(builder: Builder) {
  const direction = builder.enumType('BridgeDirection', {
    description: 'The direction in which a bridge carries messages.',
    values: {
      IN: { description: 'The bridge brings commands in from another system.' },
      OUT: { description: 'The bridge copies the log to another system.' },
    } as const,
  });
  return builder.objectRef<BridgeRow>('Bridge').implement({
    description: oneLine`A durable connection to another system. It copies the events of the log to
      that system in order, or brings commands in from it.`,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The unique name of the bridge.' }),
      kind: t.exposeString('kind', {
        description: oneLine`The kind of the other system: \`nats\`, \`kafka\`, \`kinesis\` or
          \`webhook\`. \`kafka-state\` is a topic with the documents of a view.`,
      }),
      direction: t.expose('direction', {
        type: direction,
        description: 'The direction in which the bridge carries messages.',
      }),
      status: t.string({
        description: oneLine`The status of the bridge. \`RUNNING\`: it works, or waits for messages.
          \`RETRYING\`: its last attempt failed, and it tries again with increasing pauses.
          \`PAUSED\`: an operator has paused it, and nothing is sent. \`PARKED\`: it cannot continue
          until an operator has fixed the cause in \`error\` and retried it. \`STOPPED\`: no server
          runs it, for example because it is no longer in the configuration.`,
        resolve: statusOf,
      }),
      checkpoint: t.expose('checkpoint', {
        type: 'Sequence',
        description: oneLine`The sequence number up to which every event that passes the filter is
          in the other system. For an inbound bridge, the head of the log after its last command.
          The value may be up to a second old.`,
      }),
      delivered: t.expose('delivered', {
        type: 'Sequence',
        description: oneLine`The sequence number of the last event that the other system has
          acknowledged. For an inbound bridge, that of the last event of its commands. 0 if
          there is none.`,
      }),
      lagEvents: t.int({
        description: oneLine`The number of events in the log after the checkpoint. For an inbound
          bridge, the number of messages that wait in the other system.`,
        resolve: (row) => Math.min(lagOf(row), intMax),
      }),
      lagSeconds: t.float({
        description: oneLine`The time since the first event after the checkpoint was recorded, in
          seconds. 0 if there is no such event, and for an inbound bridge.`,
        resolve: (row) => (row.direction === 'OUT' ? row.lagSeconds : 0),
      }),
      error: t.exposeString('error', {
        nullable: true,
        description: oneLine`The error of the last attempt. If the status is \`PARKED\`, the error
          that parked the bridge. Null if the last attempt succeeded.`,
      }),
    }),
  });
}

const intMax = 2 ** 31 - 1;

function lagOf({ direction, waiting, headSequence, checkpoint }: BridgeRow): number {
  return direction === 'IN' ? waiting : Math.max(0, headSequence - checkpoint);
}

function statusOf(row: BridgeRow): string {
  const { parked, paused, isLed, error } = row;
  if (parked) return 'PARKED';
  if (paused && !isWorking(row)) return 'PAUSED';
  if (!isLed) return 'STOPPED';
  return error === null ? 'RUNNING' : 'RETRYING';
}

interface ChangeTypes {
  readonly bridge: ReturnType<typeof addBridge>;
  readonly notFound: ReturnType<RejectionTypes>;
  readonly forbidden: ReturnType<RejectionTypes>;
}

/** Adds one of the mutations, with its input, payload and result. */
function addChange(
  builder: Builder,
  change: BridgeChange,
  { bridge, notFound, forbidden }: ChangeTypes,
) {
  const mutation = `${change}Bridge`;
  const name = mutation.charAt(0).toUpperCase() + mutation.slice(1);
  const payload = builder.objectRef<{ readonly bridge: BridgeRow }>(`${name}Payload`).implement({
    description: `The answer to \`${mutation}\` if the bridge exists.`,
    fields: (t) => ({
      bridge: t.expose('bridge', { type: bridge, description: 'The bridge after the change.' }),
    }),
  });
  const result = builder.unionType(`${name}Result`, {
    description: `The answer to \`${mutation}\`: its payload, or the reason why it was rejected.`,
    types: [payload, notFound, forbidden],
    resolveType: (answer) =>
      'bridge' in answer
        ? `${name}Payload`
        : answer.code === Forbidden.code
          ? Forbidden.name
          : BridgeNotFound.name,
  });
  const input = builder.inputType(`${name}Input`, {
    description: `The input of \`${mutation}\`.`,
    fields: (t) => ({
      name: t.string({ required: true, description: 'The name of the bridge.' }),
    }),
  });
  builder.mutationField(mutation, (t) =>
    t.field({
      type: result,
      nullable: true,
      description: `${changes[change]} Allowed for actors with the role ADMIN.`,
      extensions: access('COMMAND'),
      args: {
        input: t.arg({ type: input, required: true, description: 'The name of the bridge.' }),
      },
      resolve: (_root, { input: { name: wanted } }, context) =>
        changeBridge(context, wanted, change),
    }),
  );
}

async function changeBridge(
  { engine, visibility: { caller } }: RequestContext,
  name: string,
  change: BridgeChange,
): Promise<{ readonly bridge: BridgeRow } | RecordedRejection> {
  if (!hasRole(caller, 'ADMIN')) {
    const { code, message, data } = forbidden(caller);
    return { code, message, data };
  }
  try {
    // Not in the actor's share of the reads: a pause may wait for seconds.
    return { bridge: await engine.bridges.change(name, change) };
  } catch (error) {
    if (!(error instanceof BridgeNotFoundError)) throw toApiError(error);
    return { code: error.code, message: error.message, data: { name } };
  }
}
