import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStreamCache } from '../../../src/commands/streams/cache.ts';
import { loadStreams } from '../../../src/commands/streams/load.ts';
import { accountDecider } from '../../../src/contexts/accounts/account.ts';
import type { LogStatements } from '../../../src/log/log.ts';
import { streamEventsMax } from '../../../src/log/streams.ts';
import { batchOf, pending } from '../../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../../support/processing.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database);
});

afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

const batchSize = 2_500;
const deposit = {
  type: 'CashDeposited',
  schemaVersion: 1,
  data: { amount: '1.00', currency: 'USD', reference: null },
};

/** Loads accounts into an empty cache; returns also how many events each statement has read. */
async function load(ids: readonly string[]) {
  const sizes: number[] = [];
  const log: LogStatements = {
    ...ours.log,
    async streams(requests) {
      const found = await ours.log.streams(requests);
      sizes.push(found.events.length);
      return found;
    },
  };
  const missing = new Map(ids.map((id) => [`account-${id}`, accountDecider as never]));
  return { streams: await loadStreams(log, createStreamCache(10), missing), sizes };
}

test.each([
  ['longer than', 0],
  ['exactly as long as', 1],
])(
  'a stream that is %s some parts is loaded part by part',
  async (_title, fewer) => {
    const [long, short] = [await ours.open('1.00'), await ours.open('7.00')];
    const { version = 0 } = (await load([long])).streams.get(`account-${long}`) ?? {};
    const events = 2 * streamEventsMax - fewer;
    for (let at = version; at < events; at += batchSize) {
      const versions = Array.from(
        { length: Math.min(batchSize, events - at) },
        (_, i) => at + i + 1,
      );
      const deposits = versions.map((next) => pending(`account-${long}`, next, deposit));
      await ours.log.append(batchOf(deposits));
    }
    const { streams, sizes } = await load([long, short]);
    // Each further part begins with the last event of the one before.
    expect(sizes).toEqual([streamEventsMax + version, streamEventsMax, 2 - fewer]);
    const loaded = streams.get(`account-${long}`);
    expect(loaded).toMatchObject({ version: events, lastEventId: expect.any(String) });
    const balance = `${events - version + 1}.00`;
    expect(loaded?.state).toMatchObject({ balance });
    expect(streams.get(`account-${short}`)?.state).toMatchObject({ balance: '7.00' });
  },
  60_000,
);
