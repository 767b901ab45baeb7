import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResult } from '../../src/commands/request.ts';
import { accountDecider } from '../../src/contexts/accounts/account.ts';
import { closeAccount, openAccount, transferCash } from '../../src/contexts/accounts/commands.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { foldAccounts } from '../support/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess, wholeLog } from '../support/processing.ts';
import { silentLogger } from '../support/silent-logger.ts';

let testDatabase: TestDatabase;
let otherDatabase: Database;
let ours: TestProcess;
let theirs: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  const { url } = testDatabase;
  otherDatabase = createDatabase({ url, applicationName: 'another process', log: silentLogger });
  ours = createTestProcess(testDatabase.database);
  theirs = createTestProcess(otherDatabase);
});

afterEach(async () => {
  await Promise.all([ours.processor.stop(), theirs.processor.stop()]);
  await otherDatabase.stop();
  await testDatabase.dispose();
});

test('a withdrawal is decided on what another process has deposited in the meantime', async () => {
  const id = await ours.open('10.00');
  await theirs.deposit(id, '50.00');
  expect(await ours.withdraw(id, '60.00')).toMatchObject({ rejection: null, sequence: 4 });
});

test('a rejection is decided on what another process has withdrawn in the meantime', async () => {
  const id = await ours.open('10.00');
  await theirs.withdraw(id, '10.00');
  const { rejection, sequence } = await ours.withdraw(id, '1.00');
  expect(rejection).toMatchObject({ code: 'INSUFFICIENT_FUNDS', data: { available: '0.00' } });
  expect(sequence).toBe(3);
});

test('a dry run is decided on what another process has deposited in the meantime', async () => {
  const id = await ours.open('10.00');
  await theirs.deposit(id, '50.00');
  const result = await ours.withdraw(id, '60.00', { dryRun: true });
  expect(result).toMatchObject({ rejection: null, sequence: 3 });
  expect(result.stateOf(accountDecider, id)?.balance).toBe('0.00');
});

test('a stream that is only read is read again when another process has written to it', async () => {
  const [from, to] = [await ours.open('10.00'), await ours.open()];
  const close = { accountId: to };
  expect((await theirs.submit(closeAccount, close)).rejection).toBeNull();
  const input = { fromAccountId: from, toAccountId: to, amount: '1.00' };
  const { rejection } = await ours.submit(transferCash, input);
  expect(rejection).toMatchObject({ code: 'ACCOUNT_NOT_OPEN', data: { accountId: to } });
});

test('an expected version is compared with the version that another process has written', async () => {
  const id = await ours.open('10.00');
  await theirs.deposit(id, '50.00');
  expect((await ours.deposit(id, '1.00', { expectedVersion: 3 })).rejection).toBeNull();
  const stale = await theirs.deposit(id, '1.00', { expectedVersion: 3 });
  expect(stale.rejection).toMatchObject({ code: 'VERSION_CONFLICT', data: { actual: 4 } });
});

test('of two processes that open the same account, one is rejected because it exists', async () => {
  for (let round = 0; round < 20; round += 1) {
    const input = { accountId: `racing ${round}`, owner: 'ann', currency: 'USD' };
    const results = await Promise.all([ours, theirs].map((it) => it.submit(openAccount, input)));
    const codes = results.map(({ rejection }) => rejection?.code ?? 'accepted');
    expect(codes.sort()).toEqual(['ACCOUNT_ALREADY_EXISTS', 'accepted']);
  }
});

test('two processes that race on the same streams lose no update and report no conflict', async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, () => ours.open('20.00')));
  const start = (await ours.log.head()).sequence;
  const work = async (process: TestProcess, seed: number): Promise<readonly CommandResult[]> => {
    const results: CommandResult[] = [];
    for (let step = 0; step < 150; step += 1) {
      const from = ids[(step * 7 + seed) % 4] ?? '';
      const to = ids[(step * 3 + seed + 1) % 4] ?? '';
      const amount = `${(step % 9) + 1}.00`;
      if (step % 3 === 0) results.push(await process.deposit(from, amount));
      else if (step % 3 === 1) results.push(await process.withdraw(from, amount));
      else {
        const input = { fromAccountId: from, toAccountId: to, amount };
        results.push(await process.submit(transferCash, input));
      }
    }
    return results;
  };
  const done = await Promise.all([0, 1, 2].flatMap((it) => [work(ours, it), work(theirs, it + 5)]));
  const results = done.flat();
  const codes = new Set(results.map(({ rejection }) => rejection?.code ?? 'ACCEPTED'));
  expect([...codes].sort()).toEqual(['ACCEPTED', 'INSUFFICIENT_FUNDS']);

  const events = await ours.log.events({}, wholeLog);
  const accepted = results.flatMap((result) => result.events.map(({ id }) => id));
  expect(new Set(accepted)).toEqual(new Set(events.slice(start).map(({ id }) => id)));
  expect(accepted).toHaveLength(events.length - start);
  for (const result of results) {
    const last = result.events.at(-1);
    expect(last?.sequence ?? result.sequence).toBe(result.sequence);
  }

  const folded = foldAccounts(events);
  for (const id of ids) {
    const expected = folded.get(id);
    expect(Number(expected?.balance)).toBeGreaterThanOrEqual(0);
    for (const process of [ours, theirs]) {
      const probe = await process.deposit(id, '1.00', { dryRun: true });
      const state = probe.stateOf(accountDecider, id);
      expect(state?.balance).toBe((Number(expected?.balance) + 1).toFixed(2));
    }
  }
});

test('a state that was answered is the fold of the log up to the answer', async () => {
  const ids = await Promise.all([ours.open('10.00'), ours.open('10.00')]);
  const answered: (readonly [CommandResult, string])[] = [];
  const work = async (process: TestProcess, own: string) => {
    for (let step = 0; step < 40; step += 1) {
      const result = await process.deposit(step % 2 === 0 ? own : (ids[0] ?? ''), '1.00');
      answered.push([result, step % 2 === 0 ? own : (ids[0] ?? '')]);
    }
  };
  await Promise.all([work(ours, ids[1] ?? ''), work(theirs, ids[1] ?? '')]);
  const events = await ours.log.events({}, wholeLog);
  for (const [result, id] of answered) {
    const then = foldAccounts(events.slice(0, result.sequence)).get(id);
    expect(result.stateOf(accountDecider, id)).toEqual(then);
  }
});
