import { type Decision, decide } from '../../src/commands/decide.ts';
import { KeysNeeded } from '../../src/commands/seal-data.ts';
import {
  type AnyDecider,
  type CachedStream,
  emptyStream,
  evolveStream,
} from '../../src/commands/streams/cache.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { type BoundedContext, eventDefinitionsOf } from '../../src/kernel/context.ts';
import { type Decider, streamIdOf } from '../../src/kernel/decider.ts';
import type { NewEvent, StoredEvent } from '../../src/kernel/event.ts';
import type { RecordedRejection } from '../../src/kernel/log.ts';
import { reactionsByType } from '../../src/kernel/reaction.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { keysInMemory } from './master-keys.ts';

/** Streams in memory, on which commands are decided as by the processor but without a log. */
export interface World {
  /** Decides a command and applies the events that it records. */
  submit<Input>(
    definition: CommandDefinition<Input>,
    input: Input,
    options?: { readonly occurredAt?: string },
  ): Outcome;
  stateOf<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): State;
  /** All recorded events, in order. */
  readonly events: readonly StoredEvent[];
  /** Sets the clock, which advances by a millisecond with each command. */
  setTime(time: string): void;
  time(): string;
  /** Reads every state from JSON, as a process does that starts from snapshots. */
  restore(): void;
}

export interface Outcome {
  readonly rejection: RecordedRejection | null;
  readonly events: readonly StoredEvent[];
}

/** A world that continues after the given events; `stepsMax` limits the work of a command. */
export function createWorld(
  contexts: readonly BoundedContext[],
  history: readonly StoredEvent[] = [],
  stepsMax?: number,
): World {
  const definitions = eventDefinitionsOf(contexts);
  const reactions = reactionsByType(contexts);
  const streams = new Map<string, CachedStream>();
  const events: StoredEvent[] = [...history];
  let now = '2026-01-02T10:00:00.000000Z';
  let commands = 0;

  function add(missing: ReadonlyMap<string, AnyDecider>): void {
    for (const [streamId, decider] of missing) {
      const own = history.filter((event) => event.streamId === streamId);
      streams.set(streamId, own.reduce(evolveStream, emptyStream(decider)));
    }
  }

  function store({ events: pending }: Decision): readonly StoredEvent[] {
    return pending.map((event) => {
      const recordedAt = addMicroseconds(now, events.length % 1_000);
      const occurredAt = event.occurredAt ?? recordedAt;
      const stored = { ...event, sequence: events.length + 1, recordedAt, occurredAt };
      const stream = streams.get(event.streamId);
      if (stream === undefined) throw new Error(`${event.streamId} was not loaded`);
      const state = stream.decider.evolve(stream.state, stored as never);
      streams.set(event.streamId, { ...stream, state, version: event.version });
      events.push(stored);
      return stored;
    });
  }

  const steps = stepsMax === undefined ? {} : { stepsMax };
  const world: World = {
    events,
    time: () => now,
    setTime(time) {
      now = time;
    },
    restore() {
      for (const [streamId, stream] of streams) {
        streams.set(streamId, { ...stream, state: JSON.parse(JSON.stringify(stream.state)) });
      }
    },
    stateOf(decider, id) {
      const streamId = streamIdOf(decider, id);
      if (!streams.has(streamId)) add(new Map([[streamId, decider as AnyDecider]]));
      return (streams.get(streamId)?.state ?? decider.initial) as never;
    },
    submit(definition, input, options = {}) {
      commands += 1;
      now = addMicroseconds(now, 1_000);
      const submission = toSubmission({ definition, input, options }, commands);
      const workspace = toWorkspace(streams);
      for (;;) {
        const options = { definitions, reactions, keys: keysInMemory, now, ...steps };
        const decision = decide(submission, workspace, options);
        if (decision instanceof KeysNeeded) throw new Error('a key is missing');
        if ('missing' in decision) add(decision.missing);
        else if ('earlier' in decision) {
          const { definition: first, input: its } = decision.earlier;
          if (world.submit(first, its).events.length === 0) throw new Error('no progress');
        } else return { rejection: decision.rejection, events: store(decision) };
      }
    },
  };
  return world;
}

function toWorkspace(streams: Map<string, CachedStream>): never {
  return {
    current: (streamId: string) => streams.get(streamId),
    add(loaded: ReadonlyMap<string, CachedStream>) {
      for (const [streamId, stream] of loaded) streams.set(streamId, stream);
    },
  } as never;
}

/** Only the members that deciding uses. */
function toSubmission(request: object, number: number): never {
  return {
    request: { ...request, actor: 'ann', roles: allRoles, correlationId: null, causationId: null },
    commandId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    ids: [],
    key: null,
    deadline: Number.POSITIVE_INFINITY,
    resolve() {},
    reject() {},
  } as never;
}
