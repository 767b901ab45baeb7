import { afterAll, beforeAll, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { batchOf, noted } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { startViewing } from '../support/viewing.ts';
import { type Wallet, walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

async function packedUpTo(): Promise<number | null> {
  const [row] = await sql<{ last: number | null }>(
    testDatabase.database,
    `select max(version) as last from view_document_packs
     cross join lateral unnest(sequences) as version`,
  );
  return row?.last ?? null;
}

test('the process that advances the views packs all but the last thousand events', async () => {
  const { database } = testDatabase;
  const running = await startViewing(database, [walletsView]);
  try {
    const append = async (count: number) => {
      const streamId = `notes-${newUuid()}`;
      const events = Array.from({ length: count }, (_, index) =>
        noted(streamId, index + 1, { keys: [String(index % 10)], amount: 1, owner: 'ann' }),
      );
      await running.log.append(batchOf(events));
    };
    for (let batch = 0; batch < 5; batch += 1) await append(1_000);
    expect(await running.views.waitFor(5_000, 20_000)).toBe(true);
    await until(async () => ((await packedUpTo()) ?? 0) > 1_000, 20_000);
    expect(await packedUpTo()).toBeLessThanOrEqual(4_000);
    const sumAt = async (at: number): Promise<number> => {
      const found = await running.views.document<Wallet>(walletsView, '3', at);
      return found?.document.sum ?? 0;
    };
    for (const at of [3, 4, 500, 1_234, 3_999, 4_000, 5_000]) {
      expect(await sumAt(at), String(at)).toBe(Math.floor((at + 6) / 10));
    }
  } finally {
    await running.stop();
  }
});
