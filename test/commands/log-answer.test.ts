import { expect, test } from 'vitest';
import { depositCash } from '../../src/contexts/accounts/commands.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createTestProcess } from '../support/processing.ts';
import { silentLogger } from '../support/silent-logger.ts';

test('a line of level debug says who was answered what, and never the input', async () => {
  const testDatabase = await createTestDatabase();
  const lines: (readonly [fields: object, message: string])[] = [];
  const logger = { ...silentLogger, debug: (...line: [object, string]) => void lines.push(line) };
  const logged = createTestProcess(testDatabase.database, { logger, queueMax: 3 });
  const accountId = await logged.open();
  await logged.submit(depositCash, { accountId, amount: '1.00', reference: 'hush' });
  await logged.withdraw(accountId, '9.00', { idempotencyKey: 'hush' });
  const many = Array.from({ length: 4 }, () => logged.deposit(accountId, '1.00'));
  await Promise.allSettled(many);
  await logged.processor.stop();
  await testDatabase.dispose();
  expect(lines.slice(0, 3).map(([fields]) => fields)).toMatchObject([
    { actor: 'ann', command: 'openAccount', outcome: 'ACCEPTED', transport: 'http' },
    { actor: 'ann', command: 'depositCash', outcome: 'ACCEPTED', durationMs: expect.any(Number) },
    { actor: 'ann', command: 'withdrawCash', outcome: 'REJECTED', code: 'INSUFFICIENT_FUNDS' },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/hush|"1\.00"/);
});
