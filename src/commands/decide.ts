import { type CommandContext, VersionConflict } from '../kernel/command.ts';
import { type Decider, type Loaded, streamIdOf } from '../kernel/decider.ts';
import type { NewEvent, StoredEvent } from '../kernel/event.ts';
import {
  type EventDefinition,
  inFieldOrder,
  latestSchemaVersion,
} from '../kernel/event-definition.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';
import { Rejection, reject } from '../kernel/rejection.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Submission } from './request.ts';
import type { AnyDecider, CachedStream } from './stream-cache.ts';
import type { Workspace } from './workspace.ts';

/** A decided command: what it would record, and the streams as it would leave them. */
export interface Decision {
  readonly submission: Submission;
  readonly rejection: RecordedRejection | null;
  readonly events: readonly PendingEvent[];
  /** Every stream that the command loaded, after the command. */
  readonly touched: ReadonlyMap<string, CachedStream>;
}

/** A stream that the command needs and that is not loaded; the handler has been abandoned. */
export interface NeedsStream {
  readonly streamId: string;
  readonly decider: AnyDecider;
}

export interface DecideOptions {
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly now: string;
}

/** Runs a command's handler against the workspace, which it leaves as it is. */
export function decide(
  submission: Submission,
  workspace: Workspace,
  options: DecideOptions,
): Decision | NeedsStream {
  const attempt = createAttempt(submission, workspace, options);
  const { definition, input, options: wishes } = submission.request;
  try {
    const target = definition.target?.(input);
    if (target !== undefined && wishes.expectedVersion != null) {
      const actual = attempt.context.load(target.decider, target.id).version;
      assertVersion(wishes.expectedVersion, actual);
    }
    definition.handle(input, attempt.context);
    return attempt.accepted();
  } catch (error) {
    if (error instanceof StreamNeeded) return error;
    if (error instanceof Rejection) return attempt.rejected(error);
    throw error;
  }
}

/** Not a failure but a jump out of the handler: it is run again once the stream is loaded. */
class StreamNeeded implements NeedsStream {
  constructor(
    readonly streamId: string,
    readonly decider: AnyDecider,
  ) {}
}

function assertVersion(expected: number, actual: number): void {
  if (expected === actual) return;
  reject(VersionConflict, `expected version ${expected}, but it is at ${actual}`, {
    expected,
    actual,
  });
}

function createAttempt(submission: Submission, workspace: Workspace, options: DecideOptions) {
  const touched = new Map<string, CachedStream>();
  const events: PendingEvent[] = [];
  let idsGiven = 0;

  function newId(): string {
    const id = submission.ids[idsGiven] ?? newUuid();
    submission.ids[idsGiven] = id;
    idsGiven += 1;
    return id;
  }

  function current(decider: AnyDecider, streamId: string): CachedStream {
    const known = touched.get(streamId) ?? workspace.current(streamId);
    if (known === undefined) throw new StreamNeeded(streamId, decider);
    touched.set(streamId, known);
    return known;
  }

  const context: CommandContext = {
    now: options.now,
    newId,
    load<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string) {
      const { state, version } = current(decider as AnyDecider, streamIdOf(decider, id));
      return { state, version } as Loaded<State>;
    },
    record(decider, id, event, { occurredAt } = {}) {
      const streamId = streamIdOf(decider, id);
      const stream = current(decider as AnyDecider, streamId);
      const pending = toPending(submission, options, streamId, stream.version + 1, event);
      const placed = occurredAt === undefined ? pending : { ...pending, occurredAt };
      events.push(placed);
      const state = stream.decider.evolve(
        stream.state,
        toProvisional(placed, options.now) as never,
      );
      touched.set(streamId, { ...stream, state, version: placed.version });
    },
  };

  return {
    context,
    accepted: (): Decision => ({ submission, rejection: null, events, touched }),
    rejected: ({ code, message, data }: Rejection): Decision => ({
      submission,
      rejection: { code, message, data },
      events: [],
      touched: new Map(),
    }),
  };
}

function toPending(
  { request, commandId }: Submission,
  { definitions }: DecideOptions,
  streamId: string,
  version: number,
  event: NewEvent,
): PendingEvent {
  const definition = definitions.get(event.type);
  if (definition === undefined) throw new Error(`no context defines the event ${event.type}`);
  return {
    id: newUuid(),
    streamId,
    version,
    type: event.type,
    schemaVersion: latestSchemaVersion(definition),
    occurredAt: request.options.occurredAt ?? null,
    actor: request.actor,
    commandId,
    correlationId: request.correlationId ?? commandId,
    causationId: request.causationId,
    data: inFieldOrder(definition, event.data),
  };
}

/** As if recorded now; its place in the log is not known yet. */
function toProvisional(event: PendingEvent, now: string): StoredEvent {
  return { ...event, sequence: 0, recordedAt: now, occurredAt: event.occurredAt ?? now };
}
