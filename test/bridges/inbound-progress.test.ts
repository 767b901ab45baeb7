import { expect, test } from 'vitest';
import { readBridge, registerBridge, saveInboundProgress } from '../../src/bridges/store.ts';
import { createTestDatabase } from '../support/postgres.ts';

test('an inbound bridge has delivered nothing before its first command is recorded', async () => {
  const { database, dispose } = await createTestDatabase();
  await registerBridge(database, { name: 'in', kind: 'kafka', direction: 'IN' }, null);
  const { id, checkpoint } = await readBridge(database, 'in');
  await database.query({ name: 'head', text: 'update bridges set checkpoint = 7 where id = $1' }, [
    id,
  ]);
  const delivered = async (sequence: number) => {
    await saveInboundProgress(database, { id, sequence, waiting: 0 });
    return (await readBridge(database, 'in')).delivered;
  };
  expect(checkpoint).toBe(0);
  expect([await delivered(7), await delivered(9), await delivered(9)]).toEqual([0, 9, 9]);
  await dispose();
});
