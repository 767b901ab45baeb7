import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResult } from '../../src/commands/request.ts';
import {
  creditInterest,
  depositCash,
  openAccount,
  transferCash,
} from '../../src/contexts/accounts/commands.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  createTestProcess,
  type TestProcess,
  wholeLog,
  withDatabase,
} from '../support/processing.ts';
import { countOf } from '../support/rows.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;
let id: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database);
  id = await ours.open('10.00');
});

afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

const key = { idempotencyKey: 'key' };

/** What must be the same whenever a command is answered. */
function answerOf({ rejection, events, sequence }: CommandResult) {
  return { rejection, events, sequence };
}

/** A rejection because of a used key is decided, and recorded, each time. */
function answerToKey(result: CommandResult) {
  const isReused = result.rejection?.code === 'IDEMPOTENCY_KEY_REUSED';
  return isReused ? { ...answerOf(result), sequence: null } : answerOf(result);
}

test('the same key replays the events and the sequence, also after later commands', async () => {
  const first = await ours.deposit(id, '1.00', key);
  await ours.deposit(id, '5.00');
  const again = await ours.deposit(id, '1.00', key);
  expect([first.replayed, again.replayed]).toEqual([false, true]);
  expect(answerOf(again)).toEqual(answerOf(first));
  expect((await ours.log.head()).sequence).toBe(4);
});

test('the same key replays a rejection, although the command would be accepted now', async () => {
  const first = await ours.withdraw(id, '50.00', key);
  await ours.deposit(id, '100.00');
  const again = await ours.withdraw(id, '50.00', key);
  expect(first.rejection?.code).toBe('INSUFFICIENT_FUNDS');
  expect(again.replayed).toBe(true);
  expect(answerOf(again)).toEqual(answerOf(first));
});

test('the same key many times in one batch records once', async () => {
  const results = await Promise.all(
    Array.from({ length: 20 }, () => ours.deposit(id, '1.00', key)),
  );
  const [first] = results;
  for (const result of results) expect(result.events).toEqual(first?.events);
  expect(results.map(({ replayed }) => replayed)).toEqual(results.map((_, index) => index > 0));
  expect((await ours.log.head()).sequence).toBe(3);
});

test('a command replayed in the middle of a batch does not shift the sequences of the others', async () => {
  const first = await ours.deposit(id, '1.00', key);
  const results = await Promise.all([
    ours.deposit(id, '2.00', { idempotencyKey: 'two' }),
    ours.deposit(id, '1.00', key),
    ours.withdraw(id, '500.00', { idempotencyKey: 'no' }),
    ours.deposit(id, '3.00', { idempotencyKey: 'three' }),
  ]);
  expect(results.map(({ sequence }) => sequence)).toEqual([4, 3, 4, 5]);
  expect(results[1]?.events).toEqual(first.events);
  const again = await Promise.all([
    ours.deposit(id, '2.00', { idempotencyKey: 'two' }),
    ours.withdraw(id, '500.00', { idempotencyKey: 'no' }),
    ours.deposit(id, '3.00', { idempotencyKey: 'three' }),
  ]);
  const [two, , no, three] = results.map(answerOf);
  expect(again.map(answerOf)).toEqual([two, no, three]);
});

test('a replayed answer of several events has all of them', async () => {
  const other = await ours.open();
  const input = { fromAccountId: id, toAccountId: other, amount: '4.00' };
  const [, first] = await Promise.all([
    ours.deposit(other, '1.00'),
    ours.submit(transferCash, input, key),
  ]);
  const again = await ours.submit(transferCash, input, key);
  expect(again.events).toHaveLength(2);
  expect(again.events).toEqual(first?.events);
});

test('two processes that get the same keys at once record each once', async () => {
  await withDatabase(testDatabase.url, async (database) => {
    const theirs = createTestProcess(database);
    const keys = Array.from({ length: 60 }, (_, index) => `key ${index % 30}`);
    const send = (process: TestProcess) =>
      keys.map((idempotencyKey) => process.deposit(id, '1.00', { idempotencyKey }));
    const results = await Promise.all([...send(ours), ...send(theirs)]);
    for (const [index, result] of results.entries()) {
      expect(result.rejection).toBeNull();
      expect(answerOf(result)).toEqual(answerOf(results[index % 30] as CommandResult));
    }
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(30);
    expect((await ours.log.head()).sequence).toBe(32);
    await theirs.processor.stop();
  });
});

test.each([
  ['another amount', { accountId: 'same', amount: '2.00' }, {}, depositCash],
  [
    'another expected version',
    { accountId: 'same', amount: '1.00' },
    { expectedVersion: 3 },
    depositCash,
  ],
  ['another command', { accountId: 'same', amount: '1.00' }, {}, creditInterest],
])('a key used again with %s is rejected', async (_, input, options, definition) => {
  const first = await ours.deposit(id, '1.00', key);
  const reused = await ours.submit(definition, { ...input, accountId: id }, { ...key, ...options });
  expect(reused).toMatchObject({ events: [], replayed: false });
  expect(reused.rejection).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    data: { idempotencyKey: 'key' },
  });
  expect(answerOf(await ours.deposit(id, '1.00', key))).toEqual(answerOf(first));
  expect((await ours.log.head()).sequence).toBe(3);
});

test('a key used with another input within one batch is rejected', async () => {
  const [first, second] = await Promise.all([
    ours.deposit(id, '1.00', key),
    ours.deposit(id, '2.00', key),
  ]);
  expect(first?.rejection).toBeNull();
  expect(second?.rejection?.code).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('absent and null members, and the order of members, are the same input', async () => {
  const first = await ours.submit(depositCash, { accountId: id, amount: '1.00' }, key);
  const input = { reference: null, amount: '1.00', accountId: id };
  const again = await ours.submit(depositCash, input, { ...key, expectedVersion: null });
  expect(again.replayed).toBe(true);
  expect(answerOf(again)).toEqual(answerOf(first));
});

test('a key belongs to its actor', async () => {
  const results = await Promise.all(
    ['ann', 'bob', 'ann'].map((actor) =>
      ours.submit(depositCash, { accountId: id, amount: '1.00' }, { ...key, actor }),
    ),
  );
  expect(results.map(({ replayed }) => replayed)).toEqual([false, false, true]);
  expect((await ours.log.head()).sequence).toBe(4);
});

test('in one batch a used key is replayed to its actor only', async () => {
  const first = await ours.deposit(id, '1.00', key);
  const [bob, ann] = await Promise.all([
    ours.submit(depositCash, { accountId: id, amount: '1.00' }, { ...key, actor: 'bob' }),
    ours.deposit(id, '1.00', key),
  ]);
  expect([bob?.replayed, ann?.replayed]).toEqual([false, true]);
  expect([bob?.sequence, ann?.sequence]).toEqual([4, first.sequence]);
});

test('a dry run of a used key returns the recorded answer and records nothing', async () => {
  const first = await ours.deposit(id, '1.00', key);
  await ours.deposit(id, '5.00');
  const again = await ours.deposit(id, '1.00', { ...key, dryRun: true });
  expect(again).toMatchObject({ ...answerOf(first), replayed: true, dryRun: true });
  const rejected = await ours.withdraw(id, '50.00', { idempotencyKey: 'no' });
  await ours.deposit(id, '100.00');
  const still = await ours.withdraw(id, '50.00', { idempotencyKey: 'no', dryRun: true });
  expect(still).toMatchObject({ ...answerOf(rejected), replayed: true, dryRun: true });
  expect((await ours.log.head()).sequence).toBe(5);
});

test('a dry run of a key used with another input is rejected', async () => {
  await ours.deposit(id, '1.00', key);
  const { rejection } = await ours.deposit(id, '2.00', { ...key, dryRun: true });
  expect(rejection?.code).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('dry runs next to the command of their key come before it or after it', async () => {
  const dry = { ...key, dryRun: true };
  const [before, real, after] = await Promise.all([
    ours.deposit(id, '1.00', dry),
    ours.deposit(id, '1.00', key),
    ours.deposit(id, '1.00', dry),
  ]);
  expect(real).toMatchObject({ replayed: false, dryRun: false });
  expect(before).toMatchObject({ dryRun: true, events: before.replayed ? real.events : [] });
  expect(after).toMatchObject({ ...answerOf(real), replayed: true, dryRun: true });
  expect(await countOf(testDatabase.database, 'command_outcomes')).toBe(1);
});

test('a command with a key that fails can be sent again', async () => {
  const poison = { accountId: 'a\0b', owner: 'ann', currency: 'USD' };
  await expect(ours.submit(openAccount, poison, key)).rejects.toThrow();
  const fresh = { accountId: 'fresh', owner: 'ann', currency: 'USD' };
  expect(await ours.submit(openAccount, fresh, key)).toMatchObject({ rejection: null });
});

test('the same keyed commands sent again record nothing new', async () => {
  let round = 0;
  const programs = fc.array(
    fc.record({
      kind: fc.constantFrom('deposit' as const, 'withdraw' as const),
      account: fc.nat(2),
      amount: fc.integer({ min: 0, max: 3_000 }).map((cents) => (cents / 100).toFixed(2)),
      key: fc.nat(6),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const accounts = [id, await ours.open('20.00'), 'no such account'];
  const property = fc.asyncProperty(programs, fc.boolean(), async (program, isConcurrent) => {
    round += 1;
    const prefix = round;
    const send = async () => {
      const fresh = createTestProcess(testDatabase.database, { cachedStreamsMax: 1 });
      const results: CommandResult[] = [];
      const sent = program.map(
        (step) => async () =>
          fresh[step.kind](accounts[step.account] ?? '', step.amount, {
            idempotencyKey: `${prefix} ${step.key}`,
          }),
      );
      if (isConcurrent) results.push(...(await Promise.all(sent.map((start) => start()))));
      else for (const start of sent) results.push(await start());
      await fresh.processor.stop();
      return results;
    };
    const first = await send();
    const before = [
      await ours.log.head(),
      await countOf(testDatabase.database, 'command_outcomes'),
    ];
    const again = await send();
    const after = [await ours.log.head(), await countOf(testDatabase.database, 'command_outcomes')];
    expect(after).toEqual(before);
    expect(again.map(answerToKey)).toEqual(first.map(answerToKey));
  });
  await fc.assert(property, { numRuns: 30 });
  const events = await ours.log.events({}, wholeLog);
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
});
