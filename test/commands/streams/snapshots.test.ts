import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serverRight } from '../../../src/access/command-rights.ts';
import { accountDecider } from '../../../src/contexts/accounts/account.ts';
import { depositCash, transferCash } from '../../../src/contexts/accounts/commands.ts';
import type { CommandDefinition } from '../../../src/kernel/command.ts';
import { foldAccounts } from '../../support/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestProcess, type TestProcess, wholeLog } from '../../support/processing.ts';
import { countOf, sql } from '../../support/rows.ts';
import { silentLogger } from '../../support/silent-logger.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database, { snapshotEvery: 3 });
});

afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

/** The states that a process with an empty cache loads. */
async function statesFound(ids: readonly string[]) {
  const fresh = createTestProcess(testDatabase.database);
  const states = await Promise.all(
    ids.map(async (id) => {
      const result = await fresh.submit(look, { id });
      return result.stateOf(accountDecider, id);
    }),
  );
  await fresh.processor.stop();
  return states;
}

const look: CommandDefinition<{ readonly id: string }> = {
  name: 'look',
  description: 'Loads an account and records nothing.',
  right: serverRight,
  rejections: [],
  handle: ({ id }, context) => void context.load(accountDecider, id),
};

test('a snapshot is written once a stream has grown enough', async () => {
  const id = await ours.open('1.00');
  expect(await countOf(testDatabase.database, 'stream_snapshots')).toBe(0);
  await ours.deposit(id, '1.00');
  await ours.processor.stop();
  const request = { streamId: `account-${id}`, deciderVersion: accountDecider.version };
  const [snapshot] = await ours.log.snapshots([request]);
  const folded = foldAccounts(await ours.log.events({}, wholeLog));
  const [last] = (await ours.log.events({}, wholeLog)).slice(-1);
  const expected = { version: 3, lastEventId: last?.id, state: folded.get(id) };
  expect(snapshot).toEqual({ ...request, ...expected });
});

test.each([
  ['of another event than in the log', 'version = 2, last_event_id = gen_random_uuid()'],
  ['of more events than in the log', 'version = 9, last_event_id = null'],
])('a snapshot %s is not the base of a stream', async (_, change) => {
  const id = await ours.open('1.00');
  await ours.deposit(id, '1.00');
  await ours.processor.stop();
  const state = "state = jsonb_set(state, '{balance}', '\"500.00\"')";
  await sql(testDatabase.database, `update stream_snapshots set ${change}, ${state}`);
  const [found] = await statesFound([id]);
  expect(found?.balance).toBe('2.00');
});

test('a snapshot and the tail after it equal the fold of all events', async () => {
  const steps = fc.array(
    fc.record({
      account: fc.nat(3),
      to: fc.nat(3),
      kind: fc.constantFrom('deposit', 'withdraw', 'transfer'),
      amount: fc.integer({ min: 1, max: 2_000 }).map((cents) => (cents / 100).toFixed(2)),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const settings = fc.record({
    snapshotEvery: fc.integer({ min: 1, max: 8 }),
    cachedStreamsMax: fc.integer({ min: 1, max: 3 }),
    batchCommandsMax: fc.integer({ min: 1, max: 10 }),
  });
  const ids = await Promise.all([0, 1, 2, 3].map(() => ours.open('10.00')));
  const property = fc.asyncProperty(steps, settings, async (program, options) => {
    const process = createTestProcess(testDatabase.database, options);
    await Promise.all(
      program.map(({ account, to, kind, amount }) => {
        const id = ids[account] ?? '';
        if (kind === 'deposit') return process.deposit(id, amount);
        if (kind === 'withdraw') return process.withdraw(id, amount);
        const input = { fromAccountId: id, toAccountId: ids[to] ?? '', amount };
        return process.submit(transferCash, input);
      }),
    );
    await process.processor.stop();
    const folded = foldAccounts(await ours.log.events({}, wholeLog));
    expect(await statesFound(ids)).toEqual(ids.map((id) => folded.get(id)));
  });
  await fc.assert(property, { numRuns: 25 });
  expect(await countOf(testDatabase.database, 'stream_snapshots')).toBe(4);
});

test('loading starts from the snapshot', async () => {
  const id = await ours.open('1.00');
  await ours.deposit(id, '1.00');
  await ours.deposit(id, '1.00');
  await ours.processor.stop();
  await sql(
    testDatabase.database,
    `update stream_snapshots set state = jsonb_set(state, '{balance}', '"1000.00"')`,
  );
  const [state] = await statesFound([id]);
  expect(state?.balance).toBe('1001.00');
});

test('a snapshot of another version of the decider is ignored', async () => {
  const id = await ours.open('1.00');
  await ours.deposit(id, '1.00');
  await ours.processor.stop();
  const { database } = testDatabase;
  for (const version of [accountDecider.version - 1, accountDecider.version + 1]) {
    await sql(
      database,
      `update stream_snapshots set decider_version = $1, state = '{"balance": "1000.00"}'`,
      [version],
    );
    const [state] = await statesFound([id]);
    expect(state?.balance).toBe('2.00');
  }
});

test('a snapshot that cannot be written costs only time', async () => {
  const { database } = testDatabase;
  const warn = vi.spyOn(silentLogger, 'warn');
  await sql(
    database,
    'create trigger refuse before insert on stream_snapshots execute function refuse_change()',
  );
  const id = await ours.open('1.00');
  expect(await ours.deposit(id, '1.00')).toMatchObject({ rejection: null });
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
  await sql(database, 'drop trigger refuse on stream_snapshots');
  await ours.deposit(id, '1.00');
  await ours.processor.stop();
  const [snapshot] = await ours.log.snapshots([
    { streamId: `account-${id}`, deciderVersion: accountDecider.version },
  ]);
  expect(snapshot?.version).toBe(4);
  expect((await ours.log.head()).sequence).toBe(4);
});

test('no command waits for a snapshot', async () => {
  const { database } = testDatabase;
  const id = await ours.open('1.00');
  await database.withTransaction(async (executor) => {
    await sql(executor, 'lock table stream_snapshots in exclusive mode');
    for (let count = 0; count < 4; count += 1) await ours.deposit(id, '1.00');
    expect(await countOf(database, 'stream_snapshots')).toBe(0);
  });
  await ours.processor.stop();
  expect(await sql(database, 'select version from stream_snapshots')).toEqual([{ version: 6 }]);
});

test.each([1, 2])(
  'with %i cached streams, commands on many streams have the right results',
  async (cachedStreamsMax) => {
    const small = createTestProcess(testDatabase.database, { cachedStreamsMax, snapshotEvery: 2 });
    const ids = await Promise.all(Array.from({ length: 6 }, () => small.open('10.00')));
    const transfers = Array.from({ length: 60 }, (_, index) =>
      small.submit(transferCash, {
        fromAccountId: ids[index % 6] ?? '',
        toAccountId: ids[(index * 5 + 1) % 6] ?? '',
        amount: '1.00',
      }),
    );
    const deposits = ids.map((accountId) =>
      small.submit(depositCash, { accountId, amount: '1.00' }),
    );
    const results = await Promise.all([...transfers, ...deposits]);
    const codes = new Set(results.map(({ rejection }) => rejection?.code ?? 'ACCEPTED'));
    expect(codes.has('ACCEPTED')).toBe(true);
    await small.processor.stop();
    const folded = foldAccounts(await ours.log.events({}, wholeLog));
    const total = ids.reduce((sum, id) => sum + Number(folded.get(id)?.balance), 0);
    expect(total).toBe(66);
    expect(await statesFound(ids)).toEqual(ids.map((id) => folded.get(id)));
  },
);
