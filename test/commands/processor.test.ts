import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { accountDecider } from '../../src/contexts/accounts/account.ts';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { startEngine, type Engine } from '../../src/engine.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let engine: Engine;
beforeAll(async () => {
  db = await createTestDatabase();
  engine = await startEngine({ database: db.database, url: db.url, contexts: [accounts], logger: console });
});
afterAll(async () => {
  await engine.stop();
  await db.dispose();
});

test('smoke', async () => {
  const base = { actor: 'me', correlationId: null, causationId: null, options: {} };
  const ids = Array.from({ length: 500 }, () => randomUUID());
  const opened = await Promise.all(ids.map((accountId) =>
    engine.processor.submit({ ...base, definition: openAccount, input: { accountId, owner: 'a', currency: 'USD' } })));
  console.log(opened[0], opened[0]?.stateOf(accountDecider, ids[0] ?? ''));
  for (const k of [1, 2, 3]) {
    const t = performance.now();
    let n = 0;
    await Promise.all(Array.from({ length: 64 }, async () => {
      for (let i = 0; i < 200; i++) {
        await engine.processor.submit({ ...base, definition: depositCash, input: { accountId: ids[(i * 64 + n++) % 500] ?? '', amount: '1.00' } });
      }
    }));
    console.log(k, (12800 / (performance.now() - t)) * 1000, 'per s; views at', engine.views.checkpoint(), engine.feed.tail());
  }
  const { sequence } = await engine.log.head();
  expect(await engine.views.waitFor(sequence, 5000)).toBe(true);
  console.log(await engine.views.document({ name: 'accounts' }, ids[3] ?? '', sequence));
  console.log((await engine.views.list({ name: 'accounts' }, { list: 'BALANCE', partition: 'currency=USD', having: { status: 'OPEN' }, after: null, before: null, limit: 2, descending: true }, 10000)));
}, 60000);
