import type { Appended, Batch } from '../kernel/log.ts';
import { isOutcomeUnknown, isTransient } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { isDiskFull } from '../postgres/errors.ts';
import { OutcomeUnknownError } from './errors.ts';
import { isOver, type Patience, untilRetry } from './retry.ts';

/**
 * Appends, and finds out what became of an append whose answer was lost: it sends the same batch
 * again, and looks it up by its id when it is refused. The streams have moved on, the keys are used
 * and the id is taken if the lost one has won, so the batch is recorded once, however late that is.
 */
export async function appendDurably(log: Log, batch: Batch, patience: Patience): Promise<Appended> {
  let lost: unknown;
  for (;;) {
    try {
      return await (lost === undefined ? log.append(batch) : appendAgain(log, batch));
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (isOutcomeUnknown(error)) lost = error;
      // A full disk does not pass by itself, and nobody waits for what it cannot take.
      if (isOver(patience) || (isDiskFull(error) && lost === undefined)) {
        throw lost === undefined ? error : new OutcomeUnknownError({ cause: lost });
      }
    }
    await untilRetry(patience.signal);
  }
}

/** For a batch that may be in the log already, or still on its way there: then it is refused. */
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
