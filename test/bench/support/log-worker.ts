import type { Database } from '../../../src/postgres/database.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';
import { createLane, type Lane, toBatch } from './deposit-batches.ts';

const { accounts } = await importBuilt<typeof import('../../../src/contexts/accounts/context.ts')>(
  'contexts/accounts/context.js',
);
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../src/kernel/context.ts')>('kernel/context.js');
const { createLog } = await importBuilt<typeof import('../../../src/log/log.ts')>('log/log.js');

/** Daybook's log alone, appending in bulk. */
answerJobs({ start, record, head });

interface RecordOptions {
  readonly batches: number;
  readonly batchSize: number;
  /** The number of concurrent batches, each with its own streams. */
  readonly lanes: number;
  readonly streamsPerLane: number;
}

const lanes: Lane[] = [];
let database: Database;

async function start({ url }: { readonly url: string }): Promise<void> {
  database = await openDatabase(url);
}

/** Appends the batches; returns the time this took and the head before. */
async function record(options: RecordOptions) {
  const log = createLog(database, eventDefinitionsOf([accounts]));
  while (lanes.length < options.lanes) lanes.push(createLane(options.streamsPerLane));
  await database.query({ name: 'bench_checkpoint', text: 'checkpoint' });
  const { sequence: after } = await log.head();
  let remaining = options.batches;

  async function fill(lane: Lane): Promise<void> {
    while (remaining > 0) {
      remaining -= 1;
      await log.append(toBatch(lane, options.batchSize));
    }
  }

  const startedAt = performance.now();
  await Promise.all(lanes.slice(0, options.lanes).map(fill));
  return { ms: performance.now() - startedAt, after };
}

/** The last sequence number of the log. */
async function head(): Promise<number> {
  return (await createLog(database, eventDefinitionsOf([accounts])).head()).sequence;
}
