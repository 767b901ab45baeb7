import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendExclusively } from '../../src/commands/append-batch.ts';
import type { Submission } from '../../src/commands/request.ts';
import { createStreamCache } from '../../src/commands/streams/cache.ts';
import { depositCash } from '../../src/contexts/accounts/commands.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createFaultyWire, type FaultyWire } from '../support/faulty-wire.ts';
import { createTestKeys } from '../support/master-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { accountDefinitions, createTestProcess, type TestProcess } from '../support/processing.ts';
import { countWaiting } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let wire: FaultyWire;
let database: Database;
let theirs: TestProcess;
let accountId: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  wire = await createFaultyWire(testDatabase.url);
  database = createDatabase({ url: wire.url, applicationName: 'cut off', log: silentLogger });
  theirs = createTestProcess(testDatabase.database);
  accountId = await theirs.open('10.00');
});

afterEach(async () => {
  await theirs.processor.stop();
  await database.stop();
  await wire.stop();
  await testDatabase.dispose();
});

function append(cache = createStreamCache(10)) {
  const options = {
    log: createLog(database, accountDefinitions),
    definitions: accountDefinitions,
    reactions: new Map(),
    keys: createTestKeys(database),
    cache,
    signal: new AbortController().signal,
  };
  return appendExclusively(options, [toSubmission()]);
}

function toSubmission(): Submission {
  const request = {
    definition: depositCash,
    input: { accountId, amount: '1.00' },
    options: {},
    actor: 'ann',
    roles: allRoles,
    transport: 'http',
    correlationId: null,
    causationId: null,
  } as unknown as Submission['request'];
  const deadline = performance.now() + 10_000;
  return { request, commandId: newUuid(), ids: [], key: null, deadline, resolve() {}, reject() {} };
}

test('a batch decided while the head is locked is appended', async () => {
  expect(await append()).toMatchObject({ head: 2, appended: { firstSequence: 3 } });
  expect((await theirs.log.head()).sequence).toBe(3);
});

test('an exclusive batch does not rely on the cache', async () => {
  const cache = createStreamCache(10);
  const { bases } = await append(cache);
  for (const [streamId, stream] of bases) cache.set(streamId, stream);
  await theirs.deposit(accountId, '1.00');
  expect(await append(cache)).toMatchObject({ head: 4, appended: { firstSequence: 5 } });
});

test('an exclusive batch whose commit has no answer is found', async () => {
  wire.failAt('commit', 'answer lost');
  expect(await append()).toMatchObject({ head: 2, appended: { firstSequence: 3 } });
  expect(wire.faultCount()).toBe(1);
  expect((await theirs.log.head()).sequence).toBe(3);
});

test.each(['commit', 'append_commands'])(
  'a batch whose %s is lost is not recorded',
  async (text) => {
    wire.failAt(text, 'statement lost');
    await expect(append()).rejects.toThrow('Connection terminated');
    expect(wire.faultCount()).toBe(1);
    expect((await theirs.log.head()).sequence).toBe(2);
  },
);

test('no other process appends during an exclusive batch', async () => {
  const log = createLog(database, accountDefinitions);
  let deposit: Promise<unknown> | undefined;
  await log.exclusively(async (locked) => {
    deposit = theirs.deposit(accountId, '1.00');
    await until(async () => (await countWaiting(testDatabase.database, 'append_commands')) === 1);
    expect((await locked.head()).sequence).toBe(2);
  });
  expect(await deposit).toMatchObject({ rejection: null, sequence: 3 });
});
