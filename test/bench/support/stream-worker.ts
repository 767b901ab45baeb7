import type { Log } from '../../../src/log/log.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';
import { createLane, openLane, toBatch } from './deposit-batches.ts';

const { accounts } = await importBuilt<typeof import('../../../src/contexts/accounts/context.ts')>(
  'contexts/accounts/context.js',
);
const { accountDecider } = await importBuilt<
  typeof import('../../../src/contexts/accounts/account.ts')
>('contexts/accounts/account.js');
const { createStreamCache } = await importBuilt<
  typeof import('../../../src/commands/streams/cache.ts')
>('commands/streams/cache.js');
const { loadStreams } = await importBuilt<typeof import('../../../src/commands/streams/load.ts')>(
  'commands/streams/load.js',
);
const { createSnapshotWriter } = await importBuilt<
  typeof import('../../../src/commands/streams/snapshots.ts')
>('commands/streams/snapshots.js');
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../src/kernel/context.ts')>('kernel/context.js');
const { createLog } = await importBuilt<typeof import('../../../src/log/log.ts')>('log/log.js');

/** Long streams: they are recorded with the snapshots of a processor, and loaded by no cache. */
answerJobs({ start, record, load });

const batchSize = 1_000;
/** Events after the last snapshot. */
const tailSize = 100;
const loads = 200;
let log: Log;

async function start({ url }: { readonly url: string }): Promise<void> {
  log = createLog(await openDatabase(url), eventDefinitionsOf([accounts]));
}

/** Records an account with this number of events before its last snapshot; returns the stream. */
async function record({ events }: { readonly events: number }): Promise<string> {
  const lane = createLane(1);
  const [streamId = ''] = lane.keys();
  const missing = new Map([[streamId, accountDecider as never]]);
  const cache = createStreamCache(1);
  const snapshots = createSnapshotWriter({ log, logger: silentLogger, snapshotEvery: 500 });
  await log.append(openLane(lane));
  for (let recorded = 1; recorded < events; ) {
    const size = Math.min(batchSize, events - recorded);
    await log.append(toBatch(lane, size));
    snapshots.consider(await loadStreams(log, cache, missing));
    await snapshots.finished();
    recorded += size;
  }
  await log.append(toBatch(lane, tailSize));
  return streamId;
}

/** The median of the time that a load takes, in ms. */
async function load({ streamId }: { readonly streamId: string }): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < loads; turn += 1) {
    const missing = new Map([[streamId, accountDecider as never]]);
    const since = performance.now();
    const streams = await loadStreams(log, createStreamCache(1), missing);
    times.push(performance.now() - since);
    const { version = 0, snapshotVersion = 0 } = streams.get(streamId) ?? {};
    if (version - snapshotVersion !== tailSize) {
      throw new Error(`the snapshot is of version ${snapshotVersion} of ${version}`);
    }
  }
  return times.toSorted((a, b) => a - b)[loads / 2] ?? Number.NaN;
}
