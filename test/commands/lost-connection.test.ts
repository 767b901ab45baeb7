import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createFaultyWire, type FaultyWire } from '../support/faulty-wire.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess, wholeLog } from '../support/processing.ts';
import { allRecords } from '../support/records.ts';
import { countOf, countWaiting, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let wire: FaultyWire;
let database: Database;
let ours: TestProcess;
let accountId: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  wire = await createFaultyWire(testDatabase.url);
  database = createDatabase({ url: wire.url, applicationName: 'cut off', log: silentLogger });
  ours = createTestProcess(database);
  accountId = await ours.open('100.00');
});

afterEach(async () => {
  await ours.processor.stop();
  await database.stop();
  await wire.stop();
  await testDatabase.dispose();
});

async function amounts(): Promise<readonly unknown[]> {
  const events = await createTestProcess(testDatabase.database).log.events({}, wholeLog);
  return events.flatMap(({ data }) => ('amount' in data ? [data['amount']] : []));
}

test.each(['statement lost', 'answer lost'] as const)(
  'a command is recorded once and answered as accepted: %s',
  async (fault) => {
    wire.failAt('append_commands', fault);
    const result = await ours.deposit(accountId, '1.00');
    expect(wire.faultCount()).toBe(1);
    expect(result).toMatchObject({ rejection: null, sequence: 3, replayed: false });
    expect(await amounts()).toEqual(['100.00', '1.00']);
    expect(result.events).toEqual(await ours.log.events({}, { ...wholeLog, after: 2 }));
    expect(ours.appended.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  },
);

test.each(['statement lost', 'answer lost'] as const)(
  'a rejection with a key is recorded once and answered as such: %s',
  async (fault) => {
    wire.failAt('append_commands', fault);
    const result = await ours.withdraw(accountId, '500.00', { idempotencyKey: 'key' });
    expect(wire.faultCount()).toBe(1);
    expect(result).toMatchObject({ rejection: { code: 'INSUFFICIENT_FUNDS' }, replayed: false });
    expect(await countOf(testDatabase.database, 'command_outcomes')).toBe(1);
  },
);

test('an append that is still running in the server is not recorded again', async () => {
  const hold = createDatabase({
    url: testDatabase.url,
    applicationName: 'hold',
    log: silentLogger,
  });
  let result: ReturnType<TestProcess['deposit']> | undefined;
  await hold.withTransaction(async (executor) => {
    await sql(executor, 'select from log_head for update');
    result = ours.deposit(accountId, '1.00');
    await until(async () => (await countWaiting(testDatabase.database, 'append_commands')) === 1);
    wire.cut();
    // It is sent again while the first statement still waits for the head.
    await until(async () => (await countWaiting(testDatabase.database, 'append_commands')) === 2);
  });
  expect(await result).toMatchObject({ rejection: null, sequence: 3 });
  expect(await amounts()).toEqual(['100.00', '1.00']);
  await hold.stop();
});

test('a batch that loses its connection many times is recorded once', async () => {
  const accounts = await Promise.all(Array.from({ length: 5 }, () => ours.open('10.00')));
  const { sequence } = await ours.log.head();
  for (const fault of ['answer lost', 'statement lost', 'answer lost'] as const) {
    wire.failAt('append_commands', fault);
    const results = await Promise.all(accounts.map((id) => ours.deposit(id, '1.00')));
    for (const { rejection } of results) expect(rejection).toBeNull();
  }
  expect(wire.faultCount()).toBe(3);
  expect((await ours.log.head()).sequence).toBe(sequence + 15);
});

test('a connection lost while a stream is loaded costs only a retry', async () => {
  const fresh = createTestProcess(database);
  wire.failAt('events_of_streams', 'answer lost');
  const result = await fresh.withdraw(accountId, '60.00');
  expect(wire.faultCount()).toBe(1);
  expect(result).toMatchObject({ rejection: null, sequence: 3 });
  await fresh.processor.stop();
});

test('a connection lost while a recorded answer is read costs only a retry', async () => {
  const options = { idempotencyKey: 'key' };
  const first = await ours.deposit(accountId, '1.00', options);
  wire.failAt('command_outcomes', 'answer lost');
  const again = await ours.deposit(accountId, '1.00', options);
  expect(wire.faultCount()).toBe(1);
  expect(again).toMatchObject({ replayed: true, events: first.events });
});

test('a connection lost while the key of a dry run is looked up costs a retry', async () => {
  const options = { idempotencyKey: 'key' };
  const first = await ours.deposit(accountId, '1.00', options);
  wire.failAt('command_outcomes', 'answer lost');
  const again = await ours.deposit(accountId, '1.00', { ...options, dryRun: true });
  expect(wire.faultCount()).toBe(1);
  expect(again).toMatchObject({ replayed: true, dryRun: true, events: first.events });
});

test('a connection lost while nothing is to be recorded costs only a retry', async () => {
  wire.failAt('verify_versions', 'answer lost');
  const result = await ours.withdraw(accountId, '500.00', { dryRun: true });
  expect(wire.faultCount()).toBe(1);
  expect(result).toMatchObject({ rejection: { code: 'INSUFFICIENT_FUNDS' }, sequence: 2 });
});

test('a rejection whose append is lost is recorded once', async () => {
  wire.failAt('append_commands', 'answer lost');
  const result = await ours.withdraw(accountId, '500.00');
  expect(wire.faultCount()).toBe(1);
  expect(result).toMatchObject({ rejection: { code: 'INSUFFICIENT_FUNDS' }, sequence: 2 });
  const records = await allRecords(ours.log);
  expect(records.map(({ code }) => code)).toEqual([null, null, 'INSUFFICIENT_FUNDS']);
});

test('a database that stays unreachable leaves the outcome unknown', async () => {
  const impatient = createTestProcess(database, { retryTimeoutMs: 0 });
  await impatient.deposit(accountId, '1.00');
  wire.failAt('append_commands', 'answer lost');
  await expect(impatient.deposit(accountId, '2.00')).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
  });
  expect(await impatient.deposit(accountId, '3.00')).toMatchObject({ rejection: null });
  expect(await amounts()).toEqual(['100.00', '1.00', '2.00', '3.00']);
  await impatient.processor.stop();
});
