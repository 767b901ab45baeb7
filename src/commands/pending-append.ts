import { type AppendedBatch, type AppendOptions, appendDecided } from './append-batch.ts';
import type { OpenBatch } from './decide-batch.ts';
import type { Submission } from './request.ts';
import type { CachedStream } from './streams/cache.ts';

/** A batch that is being appended. */
export interface PendingAppend {
  readonly submissions: readonly Submission[];
  /** The streams as they will be once it is in the log. */
  readonly changed: ReadonlyMap<string, CachedStream>;
  /** Where the log has put it, or why not; never throws. */
  readonly outcome: Promise<AppendOutcome>;
  isDone: boolean;
}

export type AppendOutcome =
  | { readonly batch: AppendedBatch }
  | { readonly batch: null; readonly failure: unknown };

/** Starts to append a batch. */
export function startAppend(
  options: AppendOptions,
  open: OpenBatch,
  submissions: readonly Submission[],
): PendingAppend {
  const pending: PendingAppend = {
    submissions,
    changed: open.changed(),
    outcome: appendDecided(options, open.decided()).then(
      (batch): AppendOutcome => finish({ batch }),
      (failure: unknown): AppendOutcome => finish({ batch: null, failure }),
    ),
    isDone: false,
  };
  function finish(outcome: AppendOutcome): AppendOutcome {
    pending.isDone = true;
    return outcome;
  }
  return pending;
}
