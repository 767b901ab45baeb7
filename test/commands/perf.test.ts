import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase } from '../support/postgres.ts';
import { createLog } from '../../src/log/log.ts';

test('perf', async () => {
  const db = await createTestDatabase();
  const log = createLog(db.database, new Map());
  const ids = Array.from({ length: 500 }, () => `account-${randomUUID()}`);
  const versions = new Map(ids.map((i) => [i, 0]));
  for (const size of [1, 64, 64, 64, 1000, 1000]) {
    const n = Math.max(5, Math.round(12800 / size / (size === 1 ? 20 : 1)));
    const t = performance.now();
    let cpu = process.cpuUsage();
    for (let b = 0; b < n; b++) {
      const expected = new Map<string, number>();
      const events = [];
      for (let i = 0; i < size; i++) {
        const s = ids[(b * size + i) % 500] ?? '';
        const v = versions.get(s) ?? 0;
        if (!expected.has(s)) expected.set(s, v);
        versions.set(s, v + 1);
        const c = v7();
        events.push({ id: v7(), streamId: s, version: v + 1, type: 'CashDeposited', schemaVersion: 1, occurredAt: null, actor: 'me', commandId: c, correlationId: c, causationId: null, data: { amount: '1.00', currency: 'USD', reference: null } });
      }
      await log.append({ id: v7(), expectedVersions: expected, events, outcomes: [] });
    }
    const ms = performance.now() - t;
    const c = process.cpuUsage(cpu);
    console.log(size, 'batch ms', (ms / n).toFixed(2), 'events/s', ((n * size) / ms * 1000).toFixed(0), 'node cpu per event us', ((c.user + c.system) / (n * size)).toFixed(1));
  }
  await db.dispose();
}, 60000);
