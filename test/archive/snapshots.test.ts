import { afterEach, beforeEach, expect, test } from 'vitest';
import { beginningOf } from '../../src/exports/chain.ts';
import { withSnapshot } from '../../src/exports/read-log.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import { withSharedSnapshot } from '../../src/proof/shared-snapshot.ts';
import { archiveSmall } from '../support/archive/archiving.ts';
import { createFolder } from '../support/exports/exporting.ts';
import { createProofLog, newSigningKey, type ProofLog } from '../support/proof-log.ts';
import { countOf, countWaiting, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
let log: ProofLog;
beforeEach(async () => {
  log = await createProofLog(newSigningKey());
  undo.push(log.dispose);
});
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Archives a copy of the log while `read` has a snapshot that it has not read from yet. */
async function archiveBeside(
  read: (url: string, begun: () => Promise<void>) => Promise<number>,
): Promise<void> {
  await log.edited('/* alter table */ select;', async (url) => {
    const database = createDatabase({ url, applicationName: 'test', log: silentLogger });
    const directory = await createFolder(undo);
    const running: ReturnType<typeof archiveSmall>[] = [];
    const events = await read(url, async () => {
      const archiving = archiveSmall(url, directory, 8, { deciders: [] });
      archiving.catch(() => {});
      running.push(archiving);
      await until(async () => {
        const isMoved = (await countOf(database, 'archived_ranges')) > 0;
        return isMoved || (await countWaiting(database, 'lock table events')) > 0;
      }, 20_000);
    });
    expect(events).toBe(12);
    expect((await running[0])?.moved).toEqual({ first: 1, last: 8 });
    await database.stop();
  });
}

test('an archive waits for an export, which has all events of its snapshot', async () => {
  await archiveBeside((url, begun) =>
    withSnapshot(url, async ({ connection, rows }) => {
      const [head] = await sql<{ ledger: string }>(connection, 'select ledger from log_head');
      await begun();
      let events = 0;
      for await (const group of rows(beginningOf(head?.ledger ?? ''))) {
        events += group.filter(({ kind }) => kind === 'event').length;
      }
      return events;
    }),
  );
});

test('an archive waits for a check, which has all events of its snapshot', async () => {
  await archiveBeside((url, begun) =>
    withSharedSnapshot(url, 2, async ([_first, second]) => {
      await begun();
      if (second === undefined) throw new Error('there is no second connection');
      return countOf(second, 'events');
    }),
  );
});
