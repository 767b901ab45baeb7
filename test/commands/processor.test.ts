import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverRight } from '../../src/access/command-rights.ts';
import { accountDecider } from '../../src/contexts/accounts/account.ts';
import { openAccount, transferCash } from '../../src/contexts/accounts/commands.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { foldAccounts } from '../support/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess, wholeLog } from '../support/processing.ts';
import { countOf, countWaiting, sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

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

test('many concurrent commands share few transactions', async () => {
  const ids = await Promise.all(Array.from({ length: 600 }, () => ours.open()));
  expect(new Set(ids).size).toBe(600);
  const { database } = testDatabase;
  expect(await countOf(database, 'events')).toBe(600);
  expect(await countOf(database, 'append_batches')).toBeLessThanOrEqual(4);
  expect(ours.appended.map(({ sequence }) => sequence)).toEqual(ids.map((_, index) => index + 1));
  expect(ours.appended).toEqual(await ours.log.events({}, wholeLog));
});

test('of two withdrawals that only together overdraw, one is rejected', async () => {
  const id = await ours.open('100.00');
  const results = await Promise.all([ours.withdraw(id, '60.00'), ours.withdraw(id, '60.00')]);
  expect(results.map(({ rejection }) => rejection?.code ?? null)).toEqual([
    null,
    'INSUFFICIENT_FUNDS',
  ]);
  expect(results[1]?.rejection?.data).toMatchObject({ available: '40.00', requested: '60.00' });
  expect(await countOf(testDatabase.database, 'append_batches')).toBe(3);
});

test('each command of a batch is answered with its own events and the state right after it', async () => {
  const id = await ours.open('10.00');
  const results = await Promise.all(['1.00', '2.00', '3.00'].map((it) => ours.deposit(id, it)));
  expect(results.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
  expect(results.map(({ events }) => events.map((event) => event.sequence))).toEqual([
    [3],
    [4],
    [5],
  ]);
  const states = results.map((result) => result.stateOf(accountDecider, id));
  expect(states.map((state) => state?.balance)).toEqual(['11.00', '13.00', '16.00']);
  const [last] = await ours.log.events({}, { ...wholeLog, after: 4 });
  expect(states[2]).toMatchObject({ version: 5, sequence: 5, updatedAt: last?.recordedAt });
  expect(results[2]?.events).toEqual([last]);
});

test('a command that touches several streams is run again until all are loaded', async () => {
  const [from, to] = await Promise.all([ours.open('10.00'), ours.open('1.00')]);
  const fresh = createTestProcess(testDatabase.database);
  let runs = 0;
  const counted: typeof transferCash = {
    ...transferCash,
    handle(input, context) {
      runs += 1;
      transferCash.handle(input, context);
    },
  };
  const input = { fromAccountId: from, toAccountId: to, amount: '4.00' };
  const result = await fresh.submit(counted, input);
  expect(runs).toBe(3);
  expect(result.events.map(({ streamId, version, type }) => [streamId, version, type])).toEqual([
    [`account-${from}`, 3, 'CashTransferredOut'],
    [`account-${to}`, 3, 'CashTransferredIn'],
  ]);
  expect(result.stateOf(accountDecider, from)?.balance).toBe('6.00');
  expect(result.stateOf(accountDecider, to)?.balance).toBe('5.00');
  await fresh.processor.stop();
});

test('a command that makes new ids gets the same ones when it runs again', async () => {
  const input = { owner: 'ann', currency: 'USD' };
  const results = await Promise.all([
    ours.submit(openAccount, input),
    ours.submit(openAccount, input),
  ]);
  const streamIds = results.flatMap(({ events }) => events.map(({ streamId }) => streamId));
  expect(new Set(streamIds).size).toBe(2);
});

test('a rejection discards everything that its handler recorded before', async () => {
  const id = await ours.open('10.00');
  const spending: typeof transferCash = {
    ...transferCash,
    handle(input, context) {
      const data = { amount: '9.00', currency: 'USD', reference: null };
      context.record(accountDecider, id, { type: 'CashWithdrawn', data });
      transferCash.handle(input, context);
    },
  };
  const input = { fromAccountId: id, toAccountId: newUuid(), amount: '1.00' };
  const [rejected, accepted] = await Promise.all([
    ours.submit(spending, input),
    ours.withdraw(id, '10.00'),
  ]);
  expect(rejected).toMatchObject({ rejection: { code: 'ACCOUNT_NOT_FOUND' }, events: [] });
  expect(accepted?.rejection).toBeNull();
});

test('the expected version is compared with the version within the batch', async () => {
  const id = await ours.open('10.00');
  const results = await Promise.all([
    ours.deposit(id, '1.00', { expectedVersion: 2 }),
    ours.deposit(id, '1.00', { expectedVersion: 2 }),
    ours.deposit(id, '1.00', { expectedVersion: 3 }),
    ours.deposit(id, '1.00', { expectedVersion: 0 }),
  ]);
  expect(results.map(({ rejection }) => rejection?.data ?? null)).toEqual([
    null,
    { expected: 2, actual: 3 },
    null,
    { expected: 0, actual: 4 },
  ]);
  const message = `account ${id} has version 3, not the expected version 2`;
  expect(results[1]?.rejection).toMatchObject({ code: 'VERSION_CONFLICT', message });
});

test('a dry run stores nothing, is visible to no other command, and returns the result', async () => {
  const id = await ours.open('10.00');
  const options = { dryRun: true, idempotencyKey: 'key' };
  const [before, dry, after] = await Promise.all([
    ours.deposit(id, '1.00'),
    ours.withdraw(id, '11.00', options),
    ours.withdraw(id, '11.00'),
  ]);
  expect([before?.rejection, dry?.rejection, after?.rejection]).toEqual([null, null, null]);
  expect(dry).toMatchObject({ dryRun: true, events: [], sequence: 3, replayed: false });
  expect(dry?.stateOf(accountDecider, id)?.balance).toBe('0.00');
  const alone = await ours.withdraw(id, '1.00', options);
  expect(alone).toMatchObject({ dryRun: true, sequence: 4 });
  expect(alone.rejection?.code).toBe('INSUFFICIENT_FUNDS');
  expect(await countOf(testDatabase.database, 'events')).toBe(4);
  expect(await countOf(testDatabase.database, 'command_outcomes')).toBe(0);
});

test('occurredAt is kept, and a future one is replaced by the time of recording', async () => {
  const id = await ours.open('10.00');
  const past = '2020-01-01T00:00:00.000001Z';
  const [late] = (await ours.deposit(id, '1.00', { occurredAt: past })).events;
  const [early] = (await ours.deposit(id, '1.00', { occurredAt: '2999-01-01T00:00:00.000000Z' }))
    .events;
  expect(late?.occurredAt).toBe(past);
  expect(early?.occurredAt).toBe(early?.recordedAt);
  expect(await ours.log.events({}, { ...wholeLog, after: 2 })).toEqual([late, early]);
});

const failing: CommandDefinition<object> = {
  name: 'fail',
  description: 'Fails.',
  right: serverRight,
  rejections: [],
  handle() {
    throw new Error('an internal error');
  },
};

test('a command whose handler throws fails alone', async () => {
  const id = await ours.open('10.00');
  const results = await Promise.allSettled([
    ours.deposit(id, '1.00'),
    ours.submit(failing, {}),
    ours.deposit(id, '1.00'),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await ours.log.head()).sequence).toBe(4);
});

test.each([
  ['text that the database cannot store', { accountId: newUuid(), owner: 'a\0b' }],
  ['an id that the database cannot look up', { accountId: 'a\0b', owner: 'ann' }],
  ['an id too long for an index', { accountId: randomText(9_000), owner: 'ann' }],
])('a command with %s fails alone', async (_, poison) => {
  const id = await ours.open('10.00');
  const results = await Promise.allSettled([
    ours.deposit(id, '1.00'),
    ours.submit(openAccount, { ...poison, currency: 'USD' }),
    ours.deposit(id, '2.00', { idempotencyKey: 'key' }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await ours.log.head()).sequence).toBe(4);
  expect(await ours.withdraw(id, '13.00')).toMatchObject({ rejection: null });
});

test('a failure after the append is not treated as a failure before it', async () => {
  const faulty = createTestProcess(testDatabase.database, {
    onAppended() {
      throw new Error('an internal error');
    },
  });
  const id = await ours.open('10.00');
  const results = await Promise.allSettled([
    faulty.deposit(id, '1.00'),
    faulty.deposit(id, '2.00'),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await ours.log.head()).sequence).toBe(4);
  await faulty.processor.stop();
});

test('a batch decided on one that fails after its append has the times of the log', async () => {
  let appendCount = 0;
  const faulty = createTestProcess(testDatabase.database, {
    batchCommandsMax: 1,
    snapshotEvery: 2,
    onAppended() {
      appendCount += 1;
      if (appendCount === 1) throw new Error('an internal error');
    },
  });
  const accountId = newUuid();
  const results = await Promise.allSettled([
    faulty.submit(openAccount, { accountId, owner: 'ann', currency: 'USD' }),
    ...['1.00', '2.00', '3.00'].map((amount) => faulty.deposit(accountId, amount)),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'rejected',
    ...['fulfilled', 'fulfilled', 'fulfilled'],
  ]);
  await faulty.processor.stop();
  const [snapshot] = await ours.log.snapshots([
    { streamId: `account-${accountId}`, deciderVersion: accountDecider.version },
  ]);
  const events = await ours.log.events({}, wholeLog);
  const folded = foldAccounts(events.slice(0, snapshot?.version));
  expect(snapshot?.state).toEqual(folded.get(accountId));
});

test('a command that finds the queue full is rejected at once and has no effect', async () => {
  const small = createTestProcess(testDatabase.database, { queueMax: 3, batchCommandsMax: 2 });
  const id = await ours.open('10.00');
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => small.deposit(id, '1.00')),
  );
  expect(results.map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'fulfilled'],
    ...['rejected', 'rejected'],
  ]);
  expect(results[4]).toMatchObject({ reason: { code: 'OVERLOADED', queueMax: 3 } });
  expect(await small.deposit(id, '1.00')).toMatchObject({ rejection: null, sequence: 6 });
  await small.processor.stop();
});

test('stop finishes the accepted commands and rejects later ones', async () => {
  const small = createTestProcess(testDatabase.database, { batchCommandsMax: 2 });
  const id = await ours.open('10.00');
  const options = { idempotencyKey: 'key' };
  await ours.deposit(id, '1.00', options);
  let settledCount = 0;
  const taken = Array.from({ length: 7 }, (_, index) =>
    small.deposit(id, '1.00', index === 6 ? options : {}).finally(() => {
      settledCount += 1;
    }),
  );
  const stopping = [small.processor.stop(), small.processor.stop()];
  await expect(small.deposit(id, '1.00')).rejects.toMatchObject({ code: 'STOPPED' });
  await Promise.all(stopping);
  expect(settledCount).toBe(7);
  const results = await Promise.all(taken);
  expect(results.map(({ rejection }) => rejection)).toEqual(results.map(() => null));
  expect((await ours.log.head()).sequence).toBe(9);
});

test('commands that arrive during an append share the next batch', async () => {
  const { database } = testDatabase;
  const id = await ours.open('10.00');
  const before = await countOf(database, 'append_batches');
  let first: Promise<unknown> | undefined;
  let others: Promise<unknown>[] = [];
  await database.withTransaction(async (executor) => {
    await sql(executor, 'select from log_head for update');
    first = ours.deposit(id, '1.00');
    await until(async () => (await countWaiting(database, 'append_commands')) === 1);
    others = Array.from({ length: 50 }, () => ours.deposit(id, '1.00'));
  });
  await Promise.all([first, ...others]);
  expect(await countOf(database, 'append_batches')).toBe(before + 2);
});

function randomText(length: number): string {
  return Array.from({ length: Math.ceil(length / 36) }, newUuid)
    .join('')
    .slice(0, length);
}
