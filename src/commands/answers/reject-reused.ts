import { newUuid } from '../../lib/uuid.ts';
import type { Log } from '../../log/log.ts';
import { appendDurably } from '../append.ts';
import { toRecord } from '../record.ts';
import type { KeyedInput, Submission } from '../request.ts';
import { keyReused, toKeyReused } from './replay.ts';

/** A command, and its idempotency key, which was used with another command or input. */
export interface ReusedKey {
  readonly submission: Submission;
  readonly key: KeyedInput;
}

/**
 * Records these commands as rejected, then answers them. Throws as an append does; none is answered
 * then.
 */
export async function rejectReused(
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  reused: readonly ReusedKey[],
): Promise<void> {
  if (reused.length === 0) return;
  const batch = {
    id: newUuid(),
    epoch: log.epoch(),
    // The answer depends on the outcomes of the keys alone, and these never change.
    expected: new Map(),
    validUntil: null,
    events: [],
    outcomes: [],
    records: reused.map(({ submission, key }) =>
      toRecord(submission, keyReused(key.idempotencyKey), []),
    ),
  };
  const deadline = Math.min(...reused.map(({ submission }) => submission.deadline));
  const { firstSequence } = await appendDurably(log, batch, { deadline, signal });
  for (const { submission, key } of reused) submission.resolve(toKeyReused(key, firstSequence - 1));
}
