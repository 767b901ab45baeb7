import { type AppendedBatch, type AppendOptions, appendDecided } from './append-batch.ts';
import type { OpenBatch } from './decide-batch.ts';
import type { Submission } from './request.ts';
import type { CachedStream } from './streams/cache.ts';

/** A batch that is being appended. */
export interface PendingAppend {
  readonly submissions: readonly Submission[];
  /** The streams that the batch changes, as they will be once it is in the log. */
  readonly changed: ReadonlyMap<string, CachedStream>;
  /** The appended batch, or the error of the append; never rejects. */
  readonly outcome: Promise<AppendOutcome>;
  isDone: boolean;
}

type AppendOutcome =
  | { readonly batch: AppendedBatch }
  | { readonly batch: null; readonly failure: unknown };

/** Starts appending a batch, and returns without waiting for it. */
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
