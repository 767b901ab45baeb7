import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Batch } from '../kernel/log.ts';
import { fromEpochMs } from '../lib/date-time.ts';
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
  readonly cache: StreamCache;
}

/** Decided commands, in the order in which they take effect, and what is to be appended for them. */
export interface DecidedBatch {
  readonly decisions: readonly Decision[];
  /** The streams as loaded that the decisions rest on. */
  readonly bases: ReadonlyMap<string, CachedStream>;
  readonly batch: Batch;
}

const loadRoundsMax = 1_000;

/** Decides commands one after the other, loading the streams that they ask for. */
export async function decideBatch(
  { log, cache, definitions }: DecideBatchOptions,
  submissions: readonly Submission[],
): Promise<DecidedBatch> {
  const workspace = createWorkspace(cache);
  const decideOptions = { definitions, now: fromEpochMs(Date.now()) };
  const decisions: Decision[] = [];
  let open = submissions;
  for (let round = 0; open.length > 0; round += 1) {
    if (round > loadRoundsMax) throw new Error(`a command asks for over ${loadRoundsMax} streams`);
    const missing = new Map<string, AnyDecider>();
    const deferred: Submission[] = [];
    for (const submission of open) {
      const decision = decide(submission, workspace, decideOptions);
      if ('streamId' in decision) {
        missing.set(decision.streamId, decision.decider);
        deferred.push(submission);
        continue;
      }
      decisions.push(decision);
      if (submission.request.options.dryRun !== true) workspace.accept(decision.touched);
    }
    if (missing.size > 0) workspace.add(await loadStreams(log, cache, missing));
    open = deferred;
  }
  const bases = workspace.bases();
  return { decisions, bases, batch: toBatch(decisions, bases) };
}
