import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldStream } from '../../../src/commands/streams/fold-stream.ts';
import { accountDecider } from '../../../src/contexts/accounts/account.ts';
import { newUuid } from '../../../src/lib/uuid.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../../support/processing.ts';
import { sql } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database, { snapshotEvery: 10 });
});

afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

const snapshotVersions = async (): Promise<readonly number[]> => {
  const text = 'select version from stream_snapshots';
  return (await sql<{ version: number }>(testDatabase.database, text)).map(
    ({ version }) => version,
  );
};

test('a stream is folded up to any sequence, before, at and after its snapshot', async () => {
  const id = await ours.open();
  const other = await ours.open('5.00');
  const states = new Map<number, unknown>();
  for (let amount = 1; amount <= 25; amount += 1) {
    const { sequence, stateOf } = await ours.deposit(id, `${amount}.00`);
    states.set(sequence, stateOf(accountDecider, id));
    const { sequence: after } = await ours.deposit(other, '1.00');
    states.set(after, stateOf(accountDecider, id));
    if (amount === 12) await until(async () => (await snapshotVersions()).length === 2);
  }
  for (const [sequence, state] of states) {
    expect(await foldStream(ours.log, { decider: accountDecider, id, sequence })).toEqual(state);
  }
});

test('a snapshot after an event that is not in the stream is ignored', async () => {
  const id = await ours.open();
  for (let amount = 1; amount <= 15; amount += 1) await ours.deposit(id, `${amount}.00`);
  await until(async () => (await snapshotVersions()).length === 1);
  const { sequence, stateOf } = await ours.deposit(id, '1.00');
  await sql(
    testDatabase.database,
    `update stream_snapshots set last_event_id = '${newUuid()}',
      state = jsonb_set(state, '{balance}', '"1000000.00"')`,
  );
  const folded = await foldStream(ours.log, { decider: accountDecider, id, sequence });
  expect(folded).toEqual(stateOf(accountDecider, id));
});

test('a stream is null before its first event, and when it has none', async () => {
  const { log } = ours;
  const id = await ours.open();
  expect(await foldStream(log, { decider: accountDecider, id, sequence: 0 })).toBeNull();
  const none = { decider: accountDecider, id: newUuid(), sequence: 1 };
  expect(await foldStream(log, none)).toBeNull();
});
