import { type CommandContext, type EarlierCommand, VersionConflict } from '../kernel/command.ts';
import { type Decider, entityIdOf, type Loaded, streamIdOf } from '../kernel/decider.ts';
import type { NewEvent } from '../kernel/event.ts';
import {
  type EventDefinition,
  inFieldOrder,
  latestSchemaVersion,
} from '../kernel/event-definition.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';
import type { Reaction } from '../kernel/reaction.ts';
import { Rejection, reject } from '../kernel/rejection.ts';
import { newUuid } from '../lib/uuid.ts';
import { toStoredEvent } from './answers/stored-event.ts';
import type { Submission } from './request.ts';
import { type AnyDecider, type CachedStream, emptyStream, evolveStream } from './streams/cache.ts';
import type { Workspace } from './streams/workspace.ts';

/** A decided command: the events that it would record, and the resulting streams. */
export interface Decision {
  readonly submission: Submission;
  readonly rejection: RecordedRejection | null;
  readonly events: readonly PendingEvent[];
  /** Every stream that the command loaded, after the command. */
  readonly touched: ReadonlyMap<string, CachedStream>;
  /** The decision is valid only if it is recorded before this time; null if always. */
  readonly validUntil: string | null;
}

/** The streams that the command needs and that are not loaded; its handler was aborted. */
interface NeedsStreams {
  readonly missing: ReadonlyMap<string, AnyDecider>;
}

/** The command that has to be decided before this one; its handler was aborted. */
export interface NeedsEarlier {
  readonly earlier: EarlierCommand;
}

export interface DecideOptions {
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly now: string;
  /** See `CommandContext`. */
  readonly stepsMax?: number;
}

/** A bound on the events of one command, reactions included; no real command comes near it. */
const eventsMax = 50_000;
/** A step records at most three or four events; 400 steps take about 30 ms on a slow machine. */
const stepsDefault = 400;

/**
 * Runs a command's handler on the workspace. Changes no stream of the workspace; it only adds the
 * empty streams of new ids.
 */
export function decide(
  submission: Submission,
  workspace: Workspace,
  options: DecideOptions,
): Decision | NeedsStreams | NeedsEarlier {
  const attempt = createAttempt(submission, workspace, options);
  const { definition, input, options: asked } = submission.request;
  try {
    const target = definition.target?.(input);
    if (target !== undefined && asked.expectedVersion != null) {
      const actual = attempt.context.load(target.decider, target.id).version;
      assertVersion(asked.expectedVersion, actual);
    }
    definition.handle(input, attempt.context);
    return attempt.accepted();
  } catch (error) {
    if (error instanceof StreamsNeeded || error instanceof EarlierNeeded) return error;
    if (error instanceof Rejection) return attempt.rejected(error);
    throw error;
  }
}

/** Not a failure: it aborts the handler, which runs again once the streams are loaded. */
class StreamsNeeded implements NeedsStreams {
  constructor(readonly missing: ReadonlyMap<string, AnyDecider>) {}
}

/** As `StreamsNeeded`: it aborts the handler. */
class EarlierNeeded implements NeedsEarlier {
  constructor(readonly earlier: EarlierCommand) {}
}

function assertVersion(expected: number, actual: number): void {
  if (expected === actual) return;
  reject(VersionConflict, `expected version ${expected}, but the version is ${actual}`, {
    expected,
    actual,
  });
}

function createAttempt(submission: Submission, workspace: Workspace, options: DecideOptions) {
  const touched = new Map<string, CachedStream>();
  const events: PendingEvent[] = [];
  const fresh = new Set<string>();
  const { stepsMax = stepsDefault } = options;
  let stepsLeft = stepsMax;
  let idsGiven = 0;
  let validUntil: string | null = null;

  function newId(): string {
    const id = submission.ids[idsGiven] ?? newUuid();
    submission.ids[idsGiven] = id;
    idsGiven += 1;
    fresh.add(id);
    return id;
  }

  function find(decider: AnyDecider, streamId: string): CachedStream | undefined {
    const known = touched.get(streamId) ?? workspace.current(streamId);
    if (known !== undefined || !fresh.has(entityIdOf(streamId))) return known;
    // The id is new, so there is nothing to load. The append checks it as it checks every version.
    const stream = emptyStream(decider);
    workspace.add(new Map([[streamId, stream]]));
    return stream;
  }

  function current(decider: AnyDecider, streamId: string): CachedStream {
    const known = find(decider, streamId);
    if (known === undefined) throw new StreamsNeeded(new Map([[streamId, decider]]));
    touched.set(streamId, known);
    return known;
  }

  const context: CommandContext = {
    now: options.now,
    holdsUntil(time) {
      validUntil = earlier(validUntil, time);
    },
    newId,
    load<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string) {
      const { state, version } = current(decider as AnyDecider, streamIdOf(decider, id));
      return { state, version } as Loaded<State>;
    },
    prepare(decider, ids) {
      const missing = new Map<string, AnyDecider>();
      for (const id of ids) {
        const streamId = streamIdOf(decider, id);
        const known = find(decider as AnyDecider, streamId);
        if (known === undefined) missing.set(streamId, decider as AnyDecider);
      }
      if (missing.size > 0) throw new StreamsNeeded(missing);
    },
    record: recordAt(submission.request.options.occurredAt ?? null),
    stepsMax,
    stepsLeft: () => stepsLeft,
    spendSteps(count) {
      stepsLeft -= count;
    },
    decideFirst(earlier) {
      // The input and its handler are of one type: both belong to the same definition.
      throw new EarlierNeeded(earlier as unknown as EarlierCommand);
    },
  };
  // A reaction to an event occurs when it is recorded, however long ago the event occurred.
  const consequences: CommandContext = { ...context, record: recordAt(null) };

  function recordAt(usual: string | null): CommandContext['record'] {
    return (decider, id, event, { occurredAt: given = usual } = {}) => {
      // The client's clock may be ahead: a time in the future becomes the time of recording.
      const occurredAt = given !== null && given > options.now ? null : given;
      const streamId = streamIdOf(decider, id);
      const stream = current(decider as AnyDecider, streamId);
      const version = stream.version + 1;
      const pending = toPending(submission, options, event, { streamId, version, occurredAt });
      if (events.push(pending) > eventsMax) {
        throw new Error(`a command records more than ${eventsMax} events`);
      }
      // Folded as if recorded now: its sequence is not known yet.
      touched.set(streamId, evolveStream(stream, toStoredEvent(pending, 0, options.now)));
      for (const { react } of options.reactions.get(event.type) ?? []) react(pending, consequences);
    };
  }

  return {
    context,
    accepted: (): Decision => ({ submission, rejection: null, events, touched, validUntil }),
    rejected: ({ code, message, data, keepsEvents }: Rejection): Decision => ({
      submission,
      rejection: { code, message, data },
      events: keepsEvents ? events : [],
      touched: keepsEvents ? touched : new Map(),
      validUntil,
    }),
  };
}

/** The earlier of two times; null is no time. */
export function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

function toPending(
  { request, commandId }: Submission,
  { definitions }: DecideOptions,
  event: NewEvent,
  { streamId, version, occurredAt }: Pick<PendingEvent, 'streamId' | 'version' | 'occurredAt'>,
): PendingEvent {
  const definition = definitions.get(event.type);
  if (definition === undefined) throw new Error(`no context defines the event ${event.type}`);
  return {
    id: newUuid(),
    streamId,
    version,
    type: event.type,
    schemaVersion: latestSchemaVersion(definition),
    occurredAt,
    actor: request.actor,
    commandId,
    correlationId: request.correlationId ?? commandId,
    causationId: request.causationId,
    data: inFieldOrder(definition, event.data),
  };
}
