import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import {
  type Checksum,
  continueChecksum,
  emptyChecksum,
  markEvery,
} from '../views/building/checksum.ts';
import { readViews } from '../views/store.ts';
import { readMarks } from './difference.ts';
import { type RefoldedView, refoldRange } from './refold.ts';

/**
 * The checksum of a view at any sequence up to its checkpoint: that of the mark before, continued
 * with the events since, which are folded again. So it takes at most 10,000 events, however long
 * the log is. Null if the mark before is not known, or if the history there was thinned.
 */
export async function checksumAt(
  executor: Executor,
  log: Pick<Log, 'events'>,
  refolded: RefoldedView,
  sequence: number,
): Promise<Checksum | null> {
  const [mark = { sequence: 0, checksum: emptyChecksum }] = (
    await readMarks(executor, refolded.id, sequence)
  ).slice(-1);
  const { sequence: from } = mark;
  const row = (await readViews(executor)).find(({ id }) => id === refolded.id);
  if (sequence - from >= markEvery || from < (row?.historyFrom ?? 0)) return null;
  const rows = await refoldRange(executor, log, refolded, { after: from, upTo: sequence });
  return continueChecksum(mark.checksum, { from, to: sequence, rows }).checksum;
}
