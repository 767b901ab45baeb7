import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverRight } from '../../src/access/command-rights.ts';
import type { CommandOrder, CommandResult } from '../../src/commands/request.ts';
import * as commands from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let testDatabase: TestDatabase;
let engine: TestEngine;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  engine = await startTestEngine(testDatabase.url, [accounts]);
});
afterEach(async () => {
  await engine.stop();
  await testDatabase.dispose();
});

function submit<Input>(
  definition: CommandDefinition<Input>,
  input: Input,
  order?: CommandOrder,
): Promise<CommandResult> {
  const caused = { correlationId: null, causationId: null };
  const request = {
    definition,
    input,
    options: {},
    actor: 'ann',
    roles: allRoles,
    transport: 'http',
    ...caused,
  } as const;
  return engine.processor.submit({ ...request, ...(order && { order }) });
}

/** Two accounts, of which a new engine has loaded only the first, which holds 100.00. */
async function openTwo(): Promise<readonly [string, string]> {
  const [x, y] = [newUuid(), newUuid()];
  for (const accountId of [x, y]) {
    await submit(commands.openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
  }
  await engine.stop();
  engine = await startTestEngine(testDatabase.url, [accounts]);
  await submit(commands.depositCash, { accountId: x, amount: '100.00', reference: null });
  return [x, y];
}

test('a command waits for an earlier one of its order whose streams are not loaded', async () => {
  const [x, y] = await openTwo();
  const order: CommandOrder = { isBroken: false };
  const amount = { amount: '100.00', reference: null };
  const [transfer, withdrawal] = await Promise.all([
    submit(commands.transferCash, { fromAccountId: x, toAccountId: y, ...amount }, order),
    submit(commands.withdrawCash, { accountId: x, ...amount }, order),
  ]);
  expect(transfer.rejection).toBeNull();
  expect(withdrawal.rejection?.code).toBe('INSUFFICIENT_FUNDS');
});

test('after a command without an answer, no later one of its order is decided', async () => {
  const [x] = await openTwo();
  const order: CommandOrder = { isBroken: false };
  const faulty: CommandDefinition<object> = {
    name: 'fail',
    description: 'Fails.',
    right: serverRight,
    rejections: [],
    handle() {
      throw new Error('a fault of the program');
    },
  };
  const withdraw = (of?: CommandOrder) =>
    submit(commands.withdrawCash, { accountId: x, amount: '1.00', reference: null }, of);
  const outcomes = await Promise.allSettled([
    withdraw(order),
    submit(faulty, {}, order),
    withdraw(order),
    withdraw(),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect(outcomes[2]).toMatchObject({ reason: { code: 'ABORTED' } });
  await expect(withdraw(order)).rejects.toMatchObject({ code: 'ABORTED' });
});
