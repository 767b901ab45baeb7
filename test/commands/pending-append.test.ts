import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AccountState, accountDecider } from '../../src/contexts/accounts/account.ts';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  accountDefinitions,
  createTestProcess,
  type TestProcess,
  wholeLog,
} from '../support/processing.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;
let theirs: TestProcess;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database, { batchCommandsMax: 24, snapshotEvery: 7 });
  theirs = createTestProcess(testDatabase.database);
});
afterEach(async () => {
  await Promise.all([ours.processor.stop(), theirs.processor.stop()]);
  await testDatabase.dispose();
});

interface Answer {
  readonly sequence: number;
  readonly state: AccountState | null;
}

/** Many more commands at once than fit into one batch, some rejected, on few streams. */
async function sendMany(process: TestProcess, count: number, ids: readonly string[]) {
  const answers: Answer[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const id = ids[index % ids.length] ?? '';
      const isDeposit = index % 3 !== 0;
      const send = isDeposit ? process.deposit : process.withdraw;
      const { sequence, events, stateOf } = await send(id, isDeposit ? '1.00' : '2.50');
      if (events.length > 0) answers.push({ sequence, state: stateOf(accountDecider, id) });
    }),
  );
  return answers;
}

/** Each account after each of its events, folded from the log. */
async function foldLog(): Promise<ReadonlyMap<number, AccountState>> {
  const states = new Map<number, AccountState>();
  const latest = new Map<string, AccountState>();
  for (const event of await ours.log.events({}, wholeLog)) {
    const before = latest.get(event.streamId) ?? null;
    const after = accountDecider.evolve(before, event as never);
    if (after === null) continue;
    latest.set(event.streamId, after);
    states.set(event.sequence, after);
  }
  return states;
}

test('batches decided on top of others return the states that the log has', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => ours.open()));
  const answers = await sendMany(ours, 600, ids);
  const states = await foldLog();
  expect(new Set(answers.map(({ sequence }) => sequence)).size).toBe(answers.length);
  for (const { sequence, state } of answers) expect(state).toEqual(states.get(sequence));
});

test('batches that another process has made stale also return the states that the log has', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => ours.open()));
  const [answers, others] = await Promise.all([
    sendMany(ours, 400, ids),
    sendMany(theirs, 200, ids),
  ]);
  const states = await foldLog();
  const all = [...answers, ...others];
  expect(states.size).toBe(all.length + ids.length);
  for (const { sequence, state } of all) expect(state).toEqual(states.get(sequence));
});

test('an account opened in a pending append keeps the time that the log gave to its opening', async () => {
  // As many as fit into a batch: the deposits are decided while the openings are being appended.
  const ids = Array.from({ length: 24 }, () => newUuid());
  const opened = ids.map((accountId) =>
    ours.submit(openAccount, { accountId, owner: 'ann', currency: 'USD' }),
  );
  const answers = await Promise.all(ids.map((id) => ours.deposit(id, '1.00')));
  await Promise.all(opened);
  const states = await foldLog();
  for (const [index, { sequence, stateOf }] of answers.entries()) {
    expect(stateOf(accountDecider, ids[index] ?? '')).toEqual(states.get(sequence));
  }
});

test('a batch decided on a failed append is decided again, even if the versions agree', async () => {
  const { database } = testDatabase;
  const log = createLog(database, accountDefinitions);
  const id = await ours.open('10.00');
  // Another process writes as many events as the first batch, and appends them first.
  const overtaken = createGate();
  const slow: Log = {
    ...log,
    async append(batch) {
      await overtaken.opened;
      return log.append(batch);
    },
  };
  const process = createTestProcess(database, { log: slow, batchCommandsMax: 8 });
  const deposits = Array.from({ length: 8 }, () => process.deposit(id, '100.00'));
  const withdrawals = Array.from({ length: 8 }, () => process.withdraw(id, '100.00'));
  for (let i = 0; i < 8; i += 1) await theirs.withdraw(id, '1.00');
  overtaken.open();
  await Promise.all([...deposits, ...withdrawals]);
  let balance = 0;
  for (const { type, data } of await log.events({ streamId: `account-${id}` }, wholeLog)) {
    if (type === 'CashDeposited') balance += Number(data['amount']);
    if (type === 'CashWithdrawn') balance -= Number(data['amount']);
    expect(balance).toBeGreaterThanOrEqual(0);
  }
  await process.processor.stop();
});

function createGate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
