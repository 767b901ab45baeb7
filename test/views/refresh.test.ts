import { expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import type { Database } from '../../src/postgres/database.ts';
import { readViews, registerView } from '../../src/views/store.ts';
import { batchOf, noted } from '../support/batches.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { startViewing } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

/** A database that can be set to answer late when the state of the views is read. */
function withLateViews(database: Database) {
  let late: Promise<void> | null = null;
  let answeredCount = 0;
  const delayed: Database = {
    ...database,
    async query(query, values) {
      const rows = await database.query(query, values);
      if (query.name === 'views' && late !== null) {
        await late;
        answeredCount += 1;
      }
      return rows as never;
    },
  };
  const hold = (): (() => void) => {
    let release = (): void => {};
    late = new Promise((resolve) => {
      release = () => {
        late = null;
        resolve();
      };
    });
    return release;
  };
  return { delayed, hold, answeredCount: () => answeredCount };
}

test('a late answer does not set back a view that has advanced in the meantime', async () => {
  const testDatabase = await createTestDatabase();
  const { database } = testDatabase;
  const log = createLog(database, new Map());
  const others = { ...walletsView, name: 'others' };
  for (const view of [walletsView, others]) await registerView(database, view);
  const [other] = await readViews(database);
  await sql(database, `update views set status = 'live'`);
  // Another process has one of the views, so this one has to read its state.
  await database.withConnection(async (executor) => {
    // A process of the previous release uses such a lock.
    const lock = `select pg_advisory_lock(hashtext('daybook.views'), $1)`;
    await sql(executor, lock, [other?.id ?? 0]);
    const { delayed, hold, answeredCount } = withLateViews(database);
    const process = await startViewing(delayed, [walletsView, others]);
    const isAt = (checkpoint: number) => () =>
      process.views.rows().some((row) => row.name === 'wallets' && row.checkpoint === checkpoint);
    await log.append(batchOf([noted('notes-1', 1, { keys: ['a'], amount: 1 })]));
    await until(isAt(1));
    const release = hold();
    process.views.wake();
    await log.append(batchOf([noted('notes-1', 2, { keys: ['a'], amount: 1 })]));
    await until(isAt(2));
    release();
    await until(() => answeredCount() > 0);
    expect(isAt(2)()).toBe(true);
    expect(await process.views.document(walletsView, 'a', 2)).toMatchObject({ sequence: 2 });
    await process.stop();
  });
  await testDatabase.dispose();
});
