import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverRight } from '../../src/access/command-rights.ts';
import { withdrawCash } from '../../src/contexts/accounts/commands.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../support/processing.ts';
import { allRecords } from '../support/records.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database);
});
afterEach(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

const latest = async () => (await allRecords(ours.log)).at(-1);

test('an input of more than 16 KiB loses its largest members, and says which', async () => {
  const accountId = await ours.open('5.00');
  const input = {
    accountId,
    amount: '1.00',
    memo: 'é'.repeat(10_000),
    list: Array.from({ length: 3_000 }, (_, index) => ({ accountId: `deep-${index % 2}` })),
    zeta: 'z'.repeat(12_000),
  };
  const definition: CommandDefinition<typeof input> = {
    name: 'depositMuch',
    description: '',
    rejections: [],
    right: serverRight,
    handle: ({ amount }, context) => withdrawCash.handle({ accountId, amount }, context),
  };
  await ours.submit(definition, input);
  const record = await latest();
  expect(record?.input).toEqual({
    $truncated: { bytes: Buffer.byteLength(JSON.stringify(input)), members: ['list', 'memo'] },
    accountId,
    amount: '1.00',
    zeta: input.zeta,
  });
  expect(Buffer.byteLength(JSON.stringify(record?.input))).toBeLessThanOrEqual(16 * 1024);
  for (const id of [accountId, 'deep-0', 'deep-1']) {
    expect((await allRecords(ours.log, { accountId: id })).at(-1)?.id).toBe(record?.id);
  }
  const whole = {
    accountId,
    amount: '1.00',
    memo: 'm'.repeat(16 * 1024 - 200),
    list: [],
    zeta: '',
  };
  await ours.submit(definition, whole);
  expect((await latest())?.input).toEqual(whole);
});

test('a truncated input with many members stays within 16 KiB', async () => {
  const accountId = await ours.open('5.00');
  const members = Array.from({ length: 900 }, (_, index) => [`member${index}`, 'x'.repeat(index)]);
  const input = { ...Object.fromEntries(members), accountId };
  const definition = {
    name: 'many',
    description: '',
    rejections: [],
    right: serverRight,
    handle() {},
  };
  await ours.submit(definition, input);
  const recorded = (await latest())?.input ?? {};
  expect(Buffer.byteLength(JSON.stringify(recorded))).toBeLessThanOrEqual(16 * 1024);
  expect(recorded).toMatchObject({
    accountId,
    member1: 'x',
    $truncated: { bytes: expect.any(Number) },
  });
});
