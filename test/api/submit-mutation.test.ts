import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { createSubmitMutation } from '../../src/api/submit-mutation.ts';
import type { CommandOrder } from '../../src/commands/request.ts';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

let testDatabase: TestDatabase;
let engine: TestEngine;
let accountId: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  const contexts = modules.map(({ context }) => context);
  engine = await startTestEngine(testDatabase.url, contexts);
  accountId = newUuid();
  await engine.accept(openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
  await engine.accept(depositCash, { accountId, amount: '1.00', reference: null });
});
afterEach(async () => {
  await engine.stop();
  await testDatabase.dispose();
});

type Sent = readonly [mutation: string, input: object];

/** Submits commands of one order while the time of the log cannot be read. */
function submitAll(commands: readonly Sent[]) {
  const unreachable = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const log = { ...engine.log, now: () => Promise.reject(unreachable) };
  const submit = createSubmitMutation({
    schema: buildSchema(modules),
    engine: { ...engine, log },
    logger: silentLogger,
  });
  const order: CommandOrder = { isBroken: false };
  const { signal } = new AbortController();
  const common = { actor: 'payments', signal, order };
  return Promise.allSettled(
    commands.map(([mutation, input]) =>
      submit({
        mutation,
        input: { accountId, amount: '1.00', ...input },
        idempotencyKey: newUuid(),
        ...common,
      }),
    ),
  );
}

/** Fails before it reaches the processor. */
const untimely: Sent = ['depositCash', { occurredAt: '2020-01-01T00:00:00Z' }];
const withdrawal: Sent = ['withdrawCash', {}];

test('a command that fails before it is decided is not overtaken by the next one', async () => {
  expect(await submitAll([untimely, withdrawal])).toMatchObject([
    { status: 'rejected', reason: { isPassing: true } },
    { status: 'rejected', reason: { isPassing: true, reason: 'ABORTED' } },
  ]);
  expect(await engine.recorded('CashWithdrawn')).toEqual([]);
});

test('a command that fails before it is decided does not affect the earlier ones', async () => {
  expect(await submitAll([withdrawal, untimely])).toMatchObject([
    { status: 'fulfilled', value: { kind: 'accepted' } },
    { status: 'rejected', reason: { isPassing: true } },
  ]);
});
