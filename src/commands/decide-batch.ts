import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Batch } from '../kernel/log.ts';
import type { Reaction } from '../kernel/reaction.ts';
import type { LogStatements } from '../log/log.ts';
import { toBatch } from './batch.ts';
import { type Decision, decide } from './decide.ts';
import { loadStreams } from './loader.ts';
import type { Submission } from './request.ts';
import type { AnyDecider, CachedStream, StreamCache } from './stream-cache.ts';
import { createWorkspace } from './workspace.ts';

export interface DecideBatchOptions {
  readonly log: LogStatements;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly cache: StreamCache;
}

/** Decided commands, in the order in which they take effect, and what is to be appended for them. */
export interface DecidedBatch {
  readonly decisions: readonly Decision[];
  /** The streams as loaded that the decisions rest on. */
  readonly bases: ReadonlyMap<string, CachedStream>;
  readonly batch: Batch;
}

/** A batch that commands can still join. */
export interface OpenBatch {
  /** Decides commands one after the other; throws when the streams they need cannot be loaded. */
  add(submissions: readonly Submission[]): Promise<void>;
  /** The streams that the batch changes, as it leaves them; their places and times provisional. */
  changed(): ReadonlyMap<string, CachedStream>;
  decided(): DecidedBatch;
}

const loadRoundsMax = 1_000;

/** Decides on the cached streams, and on those that a batch which is being appended `changes`. */
export function openBatch(
  { log, cache, definitions, reactions }: DecideBatchOptions,
  changes?: ReadonlyMap<string, CachedStream>,
): OpenBatch {
  const workspace = createWorkspace(cache, changes);
  const decisions: Decision[] = [];

  /** Those that could not be decided for want of a stream, and which streams they want. */
  function tryAll(submissions: readonly Submission[], now: string) {
    const missing = new Map<string, AnyDecider>();
    const deferred: Submission[] = [];
    for (const submission of submissions) {
      const decision = decide(submission, workspace, { definitions, reactions, now });
      if ('missing' in decision) {
        for (const [streamId, decider] of decision.missing) missing.set(streamId, decider);
        deferred.push(submission);
        continue;
      }
      decisions.push(decision);
      if (submission.request.options.dryRun !== true) workspace.accept(decision.touched);
    }
    return { missing, deferred };
  }

  return {
    async add(submissions) {
      let open = submissions;
      for (let round = 0; open.length > 0; round += 1) {
        if (round > loadRoundsMax) {
          throw new Error(`a command asks for over ${loadRoundsMax} streams`);
        }
        const { missing, deferred } = tryAll(open, await log.now());
        if (missing.size > 0) workspace.add(await loadStreams(log, cache, missing));
        open = deferred;
      }
    },
    changed: () => workspace.changed(),
    decided() {
      const bases = workspace.bases();
      return { decisions, bases, batch: toBatch(decisions, bases) };
    },
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
