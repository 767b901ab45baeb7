import { randomUUID } from 'node:crypto';
import type { Batch, ExpectedStream, PendingEvent } from '../../../src/kernel/log.ts';
import type { Database } from '../../../src/postgres/database.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';

const { accounts } = await importBuilt<typeof import('../../../src/contexts/accounts/context.ts')>(
  'contexts/accounts/context.js',
);
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../src/kernel/context.ts')>('kernel/context.js');
const { newUuid } = await importBuilt<typeof import('../../../src/lib/uuid.ts')>('lib/uuid.js');
const { createLog } = await importBuilt<typeof import('../../../src/log/log.ts')>('log/log.js');

/** Daybook's log alone, appending in bulk. */
answerJobs({ start, record });

interface RecordOptions {
  readonly batches: number;
  readonly batchSize: number;
  /** The number of concurrent batches, each with its own streams. */
  readonly lanes: number;
  readonly streamsPerLane: number;
}

/** The streams of a lane, with the version that each has reached. */
type Lane = Map<string, number>;

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

function createLane(streams: number): Lane {
  return new Map(Array.from({ length: streams }, () => [`account-${randomUUID()}`, 0]));
}

function toBatch(lane: Lane, size: number): Batch {
  const streams = [...lane.keys()];
  const expected = new Map<string, ExpectedStream>();
  const events = Array.from({ length: size }, (_, index): PendingEvent => {
    const streamId = streams[index % streams.length] as string;
    const version = (lane.get(streamId) ?? 0) + 1;
    if (!expected.has(streamId)) {
      expected.set(streamId, { version: version - 1, lastEventId: null });
    }
    lane.set(streamId, version);
    return toDeposit(streamId, version);
  });
  const basis = { epoch: null, expected, validUntil: null };
  return { id: newUuid(), ...basis, events, outcomes: [] };
}

function toDeposit(streamId: string, version: number): PendingEvent {
  const commandId = newUuid();
  return {
    id: newUuid(),
    streamId,
    version,
    type: 'CashDeposited',
    schemaVersion: 1,
    occurredAt: null,
    actor: 'bench',
    commandId,
    correlationId: commandId,
    causationId: null,
    data: { amount: '1.00', currency: 'USD', reference: null },
  };
}
