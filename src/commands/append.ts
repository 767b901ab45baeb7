import type { Appended, Batch } from '../kernel/log.ts';
import { delay } from '../lib/delay.ts';
import type { Log } from '../log/log.ts';
import { constraintOf, isConnectionLost } from '../postgres/errors.ts';
import { OutcomeUnknownError } from './errors.ts';

export interface DurableAppendOptions {
  /** How long an append whose answer was lost is followed up. */
  readonly settleTimeoutMs: number;
  readonly signal: AbortSignal;
}

const retryDelayMs = 100;

/**
 * Appends, and finds out what became of an append whose answer was lost: it looks the batch up by
 * its id, and sends the same batch again while it is not there. The id is unique in the log, so the
 * batch is recorded once, however late the lost statement still arrives.
 */
export async function appendDurably(
  log: Log,
  batch: Batch,
  { settleTimeoutMs, signal }: DurableAppendOptions,
): Promise<Appended> {
  const deadline = performance.now() + settleTimeoutMs;
  let lost: unknown;
  for (;;) {
    try {
      const found = lost === undefined ? null : await log.findBatch(batch.id);
      return found ?? (await log.append(batch));
    } catch (error) {
      const isOvertaken = constraintOf(error) === 'append_batches_pkey';
      if (!isOvertaken && !isConnectionLost(error)) throw error;
      lost = error;
    }
    if (performance.now() > deadline || signal.aborted) {
      throw new OutcomeUnknownError({ cause: lost });
    }
    await delay(retryDelayMs, signal);
  }
}
