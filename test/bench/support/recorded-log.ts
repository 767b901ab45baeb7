import type { Stage } from './stage.ts';
import { startWorker } from './worker.ts';

const recordedMs = 10_000;
const batches = 2_000;
const batchSize = 100;

/** What `recordLog` records, for the method of a bench. */
export const recordedLog =
  'deposits with the records of their commands and ' +
  `${(batches * batchSize).toLocaleString('en')} events in batches of ${batchSize}`;

/** Records a log in the database of a bench, and returns its URL. */
export function recordLog(stage: Stage, bench: string): Promise<string> {
  const commands = startWorker(new URL('records-worker.ts', import.meta.url));
  const log = startWorker(new URL('log-worker.ts', import.meta.url));
  return stage.withWorkers([commands, log], async () => {
    const url = await stage.database(`daybook_${bench}`);
    stage.progress(`${bench}: recording events`);
    await commands.call('start', { url, streams: 1_000, recordsCommands: true });
    await commands.call('deposit', { concurrency: 64, warmUpMs: 0, measuredMs: recordedMs });
    await commands.stop();
    await log.call('start', { url });
    await log.call('record', { batches, batchSize, lanes: 2, streamsPerLane: 1_000 });
    return url;
  });
}
