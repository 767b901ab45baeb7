import type { CommandContext, EarlierCommand } from '../kernel/command.ts';
import { type Decider, entityIdOf, type Loaded, streamIdOf } from '../kernel/decider.ts';
import type { NewEvent } from '../kernel/event.ts';
import {
  type EventDefinition,
  inFieldOrder,
  recordedSchemaVersion,
} from '../kernel/event-definition.ts';
import type { PendingEvent } from '../kernel/log.ts';
import type { Reaction } from '../kernel/reaction.ts';
import { newUuid } from '../lib/uuid.ts';
import { toStoredEvent } from './answers/stored-event.ts';
import type { Submission } from './request.ts';
import { KeysNeeded, type PersonalKeys, sealData } from './seal-data.ts';
import { type AnyDecider, type CachedStream, emptyStream, evolveStream } from './streams/cache.ts';
import type { Workspace } from './streams/workspace.ts';

export interface DecideOptions {
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly now: string;
  /** The data keys of people that are loaded. */
  readonly keys: PersonalKeys;
  /** See `CommandContext`. */
  readonly stepsMax?: number;
}

/** One run of a command's handler: what it has loaded, generated and recorded so far. */
export interface Attempt {
  readonly submission: Submission;
  readonly workspace: Workspace;
  readonly options: DecideOptions;
  /** Every stream that the handler has loaded, with the events that it has recorded. */
  readonly touched: Map<string, CachedStream>;
  readonly events: PendingEvent[];
  readonly newIds: Set<string>;
  idsGiven: number;
  readonly stepsMax: number;
  stepsLeft: number;
  /** The decision is valid only if it is recorded before this time; null if it has no limit. */
  validUntil: string | null;
  /** The context of reactions; null until there is a reaction. */
  reacting: CommandContext | null;
}

/** A bound on the events of one command, reactions included; no real command comes near it. */
const eventsMax = 50_000;
/** A step records at most three or four events; 400 steps take about 30 ms on a slow machine. */
const stepsDefault = 400;

export function createAttempt(
  submission: Submission,
  workspace: Workspace,
  options: DecideOptions,
): Attempt {
  const { stepsMax = stepsDefault } = options;
  return {
    submission,
    workspace,
    options,
    touched: new Map(),
    events: [],
    newIds: new Set(),
    idsGiven: 0,
    stepsMax,
    stepsLeft: stepsMax,
    validUntil: null,
    reacting: null,
  };
}

/** Thrown to abort the handler, which runs again once the streams are loaded; not a failure. */
export class StreamsNeeded {
  constructor(readonly missing: ReadonlyMap<string, AnyDecider>) {}
}

/** Thrown to abort the handler, which runs again once the earlier command has been decided. */
export class EarlierNeeded {
  constructor(readonly earlier: EarlierCommand) {}
}

/**
 * Creates the context of an attempt. `usual`: the time at which its events occur by default; null:
 * the time of recording.
 */
export function createContext(attempt: Attempt, usual: string | null): CommandContext {
  return {
    now: attempt.options.now,
    caller: attempt.submission.request,
    holdsUntil(time) {
      attempt.validUntil = earlierTime(attempt.validUntil, time);
    },
    newId: () => newId(attempt),
    load<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string) {
      const streamId = streamIdOf(decider, id);
      const { state, version } = touch(attempt, decider as AnyDecider, streamId);
      return { state, version } as Loaded<State>;
    },
    prepare: (decider, ids) => prepare(attempt, decider as AnyDecider, ids),
    record(decider, id, event, { occurredAt = usual } = {}) {
      const streamId = streamIdOf(decider, id);
      const stream = touch(attempt, decider as AnyDecider, streamId);
      record(attempt, stream, toPending(attempt, event, { streamId, stream, occurredAt }));
    },
    stepsMax: attempt.stepsMax,
    stepsLeft: () => attempt.stepsLeft,
    spendSteps(count) {
      attempt.stepsLeft -= count;
    },
    hasPersonalKey(subject) {
      const known = attempt.options.keys.known(subject);
      if (known === undefined) throw new KeysNeeded(subject, false);
      return known.kind !== 'ABSENT';
    },
    decideFirst(command) {
      // The input and its handler are of one type: both belong to the same definition.
      throw new EarlierNeeded(command as unknown as EarlierCommand);
    },
  };
}

/** A repeated run of the handler gets the ids of the first run, in the same order. */
function newId(attempt: Attempt): string {
  const { ids } = attempt.submission;
  const id = ids[attempt.idsGiven] ?? newUuid();
  ids[attempt.idsGiven] = id;
  attempt.idsGiven += 1;
  attempt.newIds.add(id);
  return id;
}

function find(attempt: Attempt, decider: AnyDecider, streamId: string): CachedStream | undefined {
  const { touched, workspace, newIds } = attempt;
  const known = touched.get(streamId) ?? workspace.current(streamId);
  if (known !== undefined || !newIds.has(entityIdOf(streamId))) return known;
  // The id is new, so there is nothing to load. The append checks it as it checks every version.
  const stream = emptyStream(decider);
  workspace.add(new Map([[streamId, stream]]));
  return stream;
}

function touch(attempt: Attempt, decider: AnyDecider, streamId: string): CachedStream {
  const known = find(attempt, decider, streamId);
  if (known === undefined) throw new StreamsNeeded(new Map([[streamId, decider]]));
  attempt.touched.set(streamId, known);
  return known;
}

function prepare(attempt: Attempt, decider: AnyDecider, ids: Iterable<string>): void {
  const missing = new Map<string, AnyDecider>();
  for (const id of ids) {
    const streamId = streamIdOf(decider, id);
    if (find(attempt, decider, streamId) === undefined) missing.set(streamId, decider);
  }
  if (missing.size > 0) throw new StreamsNeeded(missing);
}

/** Records the next event of a stream, and runs the reactions to it. */
function record(attempt: Attempt, stream: CachedStream, event: PendingEvent): void {
  const { options, events, touched } = attempt;
  if (events.push(event) > eventsMax) {
    throw new Error(`a command records more than ${eventsMax} events`);
  }
  // The event is folded as if recorded now, because its sequence is not known yet.
  touched.set(event.streamId, evolveStream(stream, toStoredEvent(event, 0, options.now)));
  const reactions = options.reactions.get(event.type);
  if (reactions === undefined) return;
  // A reaction to an event occurs when it is recorded, however long ago the event occurred.
  attempt.reacting ??= createContext(attempt, null);
  for (const { react } of reactions) react(event, attempt.reacting);
}

function toPending(
  { submission: { request, commandId }, options: { definitions, now, keys } }: Attempt,
  event: NewEvent,
  { streamId, stream, occurredAt }: NextInStream,
): PendingEvent {
  const definition = definitions.get(event.type);
  if (definition === undefined) throw new Error(`no context defines the event ${event.type}`);
  const id = newUuid();
  const { data, hasSealed } = sealData(definition, inFieldOrder(definition, event.data), {
    id,
    keys,
    isKept: request.options.dryRun !== true,
    recording: { streamId, state: stream.state },
  });
  return {
    id,
    streamId,
    version: stream.version + 1,
    type: event.type,
    schemaVersion: recordedSchemaVersion(definition, hasSealed),
    // The client's clock may be ahead: a time in the future becomes the time of recording.
    occurredAt: occurredAt !== null && occurredAt > now ? null : occurredAt,
    actor: request.actor,
    commandId,
    correlationId: request.correlationId ?? commandId,
    causationId: request.causationId,
    data,
  };
}

/** Where and when an event is recorded: after the last event of `stream`. */
interface NextInStream {
  readonly streamId: string;
  readonly stream: CachedStream;
  readonly occurredAt: string | null;
}

/** The earlier of two times; null means no time. */
export function earlierTime(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
