import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Log } from '../../src/log/log.ts';
import { DatabaseUnreachableError } from '../../src/postgres/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../support/processing.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;
let isOut: boolean;
let attempts: number;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  isOut = false;
  attempts = 0;
});

afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

/** A process whose appends find no database during an outage. */
async function startOurs(settleTimeoutMs: number): Promise<string> {
  const { log } = createTestProcess(testDatabase.database);
  const append: Log['append'] = async (batch) => {
    attempts += 1;
    if (isOut) throw new DatabaseUnreachableError(new Error('refused'));
    return log.append(batch);
  };
  ours = createTestProcess(testDatabase.database, {
    log: { ...log, append },
    retryTimeoutMs: settleTimeoutMs,
  });
  const accountId = await ours.open('10.00');
  attempts = 0;
  return accountId;
}

test('a command waits only once for an outage, whatever it does', async () => {
  const accountId = await startOurs(500);
  isOut = true;
  const failure = ours.deposit(accountId, '1.00');
  await expect(failure).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  // At most one try every 100 ms: twice the time would be twice as many.
  expect(attempts).toBeLessThan(8);
});

test('a command is not abandoned together with the other commands of its batch', async () => {
  const accountId = await startOurs(1_500);
  const fails = (sent: Promise<unknown>) =>
    expect(sent).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  isOut = true;
  const first = fails(ours.deposit(accountId, '1.00'));
  await until(() => attempts >= 2);
  // These two wait for the first one, and then continue together.
  const second = fails(ours.deposit(accountId, '1.00'));
  await until(() => attempts >= 8);
  const third = ours.deposit(accountId, '2.00');
  await Promise.all([first, second]);
  isOut = false;
  expect(await third).toMatchObject({ rejection: null, sequence: 3 });
});
