import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Batch } from '../kernel/log.ts';
import type { Reaction } from '../kernel/reaction.ts';
import { newUuid } from '../lib/uuid.ts';
import type { LogStatements } from '../log/log.ts';
import { toBatch } from './batch.ts';
import { type DecideOptions, type Decision, decide, type NeedsEarlier } from './decide.ts';
import type { Submission } from './request.ts';
import type { AnyDecider, CachedStream, StreamCache } from './streams/cache.ts';
import { loadStreams } from './streams/load.ts';
import { createWorkspace } from './streams/workspace.ts';

export interface DecideBatchOptions {
  readonly log: LogStatements;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly cache: StreamCache;
  /** See `CommandContext`. */
  readonly stepsMax?: number;
}

/** Decided commands, in the order in which they take effect, and what is to be appended for them. */
export interface DecidedBatch {
  readonly decisions: readonly Decision[];
  /** The streams as loaded that the decisions rest on. */
  readonly bases: ReadonlyMap<string, CachedStream>;
  readonly batch: Batch;
  /** Commands that wait for the next batch: this one has as much to record as one may. */
  readonly left: readonly Submission[];
}

/** A batch that commands can still join. */
export interface OpenBatch {
  /**
   * Decides commands one after the other, and gives those that are left because the batch is full;
   * throws when the streams they need cannot be loaded.
   */
  add(submissions: readonly Submission[]): Promise<readonly Submission[]>;
  /** Whether nothing has been decided yet. */
  isEmpty(): boolean;
  /** The streams that the batch changes, as it leaves them; their places and times provisional. */
  changed(): ReadonlyMap<string, CachedStream>;
  decided(): DecidedBatch;
}

const loadRoundsMax = 1_000;
/** From here on a batch is full: what is decided, written and folded at a time stays short. */
const batchEventsMax = 1_024;
/** After so long the event loop has its turn before more commands are decided. */
const turnMs = 10;

/** Decides on the cached streams, and on those that a batch which is being appended `changes`. */
export function openBatch(
  options: DecideBatchOptions,
  changes?: ReadonlyMap<string, CachedStream>,
): OpenBatch {
  const { log, cache } = options;
  const workspace = createWorkspace(cache, changes);
  // Of now: what is decided from here on must not be appended under a later one.
  const epoch = log.epoch();
  const decisions: Decision[] = [];
  let eventCount = 0;
  let left: readonly Submission[] = [];

  function accept(decision: Decision): void {
    decisions.push(decision);
    if (decision.submission.request.options.dryRun === true) return;
    eventCount += decision.events.length;
    workspace.accept(decision.touched);
  }

  /** Decides a command, and before it the commands that it asks for; null: the batch is full. */
  function tryOne(submission: Submission, decideOptions: DecideOptions) {
    while (eventCount < batchEventsMax) {
      const decision = decide(submission, workspace, decideOptions);
      if (!('earlier' in decision)) return decision;
      const earlier = decide(toEarlier(submission, decision), workspace, decideOptions);
      if ('missing' in earlier) return earlier;
      if ('earlier' in earlier || earlier.events.length === 0) {
        throw new Error(`${decision.earlier.definition.name} was asked for and records nothing`);
      }
      accept(earlier);
    }
    return null;
  }

  /**
   * Those that could not be decided for want of a stream, which streams they want, and those that it
   * did not come to, because the batch is full or others are to have their turn.
   */
  function tryAll(submissions: readonly Submission[], now: string) {
    const { definitions, reactions, stepsMax } = options;
    const steps = stepsMax === undefined ? {} : { stepsMax };
    const decideOptions = { definitions, reactions, now, ...steps };
    const since = performance.now();
    const missing = new Map<string, AnyDecider>();
    const deferred: Submission[] = [];
    for (const [index, submission] of submissions.entries()) {
      const decision = tryOne(submission, decideOptions);
      if (decision === null) {
        return { missing, deferred, rest: [], left: submissions.slice(index) };
      }
      if (!('missing' in decision)) {
        accept(decision);
      } else {
        for (const [streamId, decider] of decision.missing) missing.set(streamId, decider);
        deferred.push(submission);
      }
      if (performance.now() - since > turnMs) {
        return { missing, deferred, rest: submissions.slice(index + 1), left: [] };
      }
    }
    return { missing, deferred, rest: [], left: [] };
  }

  return {
    async add(submissions) {
      let open = submissions;
      let waiting: readonly Submission[] = [];
      for (let round = 0; open.length > 0; round += 1) {
        if (round > loadRoundsMax) {
          throw new Error(`a command asks for over ${loadRoundsMax} streams`);
        }
        const { missing, deferred, rest, left: later } = tryAll(open, await log.now());
        if (missing.size > 0) workspace.add(await loadStreams(log, cache, missing));
        else if (rest.length > 0) await nextTurn();
        waiting = [...later, ...waiting];
        open = [...deferred, ...rest];
      }
      left = [...left, ...waiting];
      return waiting;
    },
    isEmpty: () => decisions.length === 0,
    changed: () => workspace.changed(),
    decided() {
      const bases = workspace.bases();
      return { decisions, bases, batch: toBatch(decisions, bases, epoch), left };
    },
  };
}

/** The command that another one waits for, as if it had been sent. */
function toEarlier({ deadline }: Submission, { earlier }: NeedsEarlier): Submission {
  const { definition, input, actor } = earlier;
  return {
    request: {
      definition: definition as never,
      input: input as never,
      options: {},
      actor,
      correlationId: null,
      causationId: null,
    },
    commandId: newUuid(),
    ids: [],
    key: null,
    deadline,
    resolve() {},
    reject() {},
  };
}

/** Decides commands one after the other, loading the streams that they ask for. */
export async function decideBatch(
  options: DecideBatchOptions,
  submissions: readonly Submission[],
): Promise<DecidedBatch> {
  const open = openBatch(options);
  await open.add(submissions);
  return open.decided();
}
