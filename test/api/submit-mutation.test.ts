import { expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { createSubmitMutation } from '../../src/api/submit-mutation.ts';
import type { CommandOrder } from '../../src/commands/request.ts';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine } from '../support/engines.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

test('a command that fails before it is decided is not overtaken by the next one', async () => {
  const testDatabase = await createTestDatabase();
  const contexts = modules.map(({ context }) => context);
  const engine = await startTestEngine(testDatabase.url, contexts);
  try {
    const accountId = newUuid();
    await engine.accept(openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
    await engine.accept(depositCash, { accountId, amount: '1.00', reference: null });
    const unreachable = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const log = { ...engine.log, now: () => Promise.reject(unreachable) };
    const submit = createSubmitMutation({
      schema: buildSchema(modules),
      engine: { ...engine, log },
      logger: silentLogger,
    });
    const order: CommandOrder = { isBroken: false };
    const { signal } = new AbortController();
    const send = (mutation: string, input: object) =>
      submit({
        mutation,
        input: { accountId, amount: '10.00', ...input },
        actor: 'payments',
        idempotencyKey: newUuid(),
        signal,
        order,
      });
    const outcomes = await Promise.allSettled([
      send('depositCash', { occurredAt: '2020-01-01T00:00:00Z' }),
      send('withdrawCash', {}),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { isPassing: true } },
      { status: 'rejected', reason: { isPassing: true, reason: 'ABORTED' } },
    ]);
    expect(await engine.recorded('CashWithdrawn')).toEqual([]);
  } finally {
    await engine.stop();
    await testDatabase.dispose();
  }
});
