import { expect, test } from 'vitest';
import { readBridges, registerBridge } from '../../src/bridges/store.ts';
import { createTestDatabase } from '../support/postgres.ts';

test('the name of a bridge cannot be given to one of another kind or direction', async () => {
  const testDatabase = await createTestDatabase();
  const { database } = testDatabase;
  try {
    await registerBridge(database, { name: 'bank', kind: 'kafka', direction: 'IN' }, null);
    await registerBridge(database, { name: 'bank', kind: 'kafka', direction: 'IN' }, null);
    for (const [kind, direction] of [['nats', 'IN'] as const, ['kafka', 'OUT'] as const]) {
      const other = registerBridge(database, { name: 'bank', kind, direction }, 0);
      await expect(other).rejects.toThrow('the bridge bank was an inbound kafka bridge: give the');
    }
    expect(await readBridges(database)).toMatchObject([
      { name: 'bank', kind: 'kafka', direction: 'IN' },
    ]);
  } finally {
    await testDatabase.dispose();
  }
});
