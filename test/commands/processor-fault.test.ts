import { afterEach, beforeEach, expect, test } from 'vitest';
import { depositCash } from '../../src/contexts/accounts/commands.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../support/processing.ts';
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

/** A command that fails in the processor itself, not in a handler or the database. */
function submitStumbling(accountId: string): Promise<unknown> {
  return ours.processor.submit({
    definition: depositCash,
    input: { accountId, amount: '1.00' },
    options: { idempotencyKey: 'key' },
    get actor(): string {
      throw new Error('a fault of the program');
    },
    roles: allRoles,
    transport: 'http',
    correlationId: null,
    causationId: null,
  });
}

test('an internal error rejects the waiting commands, and the processor continues', async () => {
  const id = await ours.open('10.00');
  const sent = [ours.deposit(id, '1.00'), submitStumbling(id), ours.deposit(id, '1.00')];
  for (const { status, ...rest } of await Promise.allSettled(sent)) {
    expect({ status, ...rest }).toMatchObject({
      status: 'rejected',
      reason: { message: 'a fault of the program' },
    });
  }
  expect(await ours.deposit(id, '1.00')).toMatchObject({ rejection: null, sequence: 3 });
});

test('an internal error waits for the pending append', async () => {
  const id = await ours.open('10.00');
  const { database } = testDatabase;
  let flying: Promise<unknown> | undefined;
  let stumbling: Promise<unknown> | undefined;
  await database.withTransaction(async (executor) => {
    await sql(executor, 'select from log_head for update');
    flying = ours.deposit(id, '1.00');
    await until(async () => (await countWaiting(database, 'append_commands')) === 1);
    stumbling = submitStumbling(id);
  });
  const results = await Promise.allSettled([flying, stumbling]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await countOf(database, 'events')).toBe(3);
  expect(await ours.deposit(id, '1.00')).toMatchObject({ rejection: null, sequence: 4 });
});
