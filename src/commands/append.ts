import type { Appended, Batch } from '../kernel/log.ts';
import { isOutcomeUnknown, isTransient } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { isDiskFull } from '../postgres/errors.ts';
import { OutcomeUnknownError } from './errors.ts';
import { isOver, type Patience, untilRetry } from './retry.ts';

/**
 * Appends a batch, and recovers from an append whose answer was lost: it sends the same batch again
 * and, if that fails, looks it up by its id. If the lost append did take effect, its streams have
 * new versions and its keys and id are used, so the batch is never recorded twice.
 */
export async function appendDurably(log: Log, batch: Batch, patience: Patience): Promise<Appended> {
  let lost: unknown;
  for (;;) {
    try {
      return await (lost === undefined ? log.append(batch) : appendAgain(log, batch));
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (isOutcomeUnknown(error)) lost = error;
      // Waiting does not free a full disk, so the command is answered at once.
      if (isOver(patience) || (isDiskFull(error) && lost === undefined)) {
        throw lost === undefined ? error : new OutcomeUnknownError({ cause: lost });
      }
    }
    await untilRetry(patience.signal);
  }
}

/** Appends a batch that may already be in the log: if the append fails, the batch is looked up. */
async function appendAgain(log: Log, batch: Batch): Promise<Appended> {
  try {
    return await log.append(batch);
  } catch (error) {
    if (isTransient(error)) throw error;
    const found = await log.findBatch(batch.id);
    if (found === null) throw error;
    return found;
  }
}
