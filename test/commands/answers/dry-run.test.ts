import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addMicroseconds } from '../../../src/lib/date-time.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestProcess, type TestProcess } from '../../support/processing.ts';

let testDatabase: TestDatabase;
let ours: TestProcess;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await ours.processor.stop();
  await testDatabase.dispose();
});

describe('the events that a dry run proposes', () => {
  test('are those that the command then records', async () => {
    const id = await ours.open('10.00');
    const past = '2020-01-01T00:00:00.000001Z';
    for (const occurredAt of [null, past]) {
      const dry = await ours.deposit(id, '1.00', { dryRun: true, occurredAt });
      const { events, proposed } = await ours.deposit(id, '1.00', { occurredAt });
      const [event] = events;
      expect(dry.events).toEqual([]);
      expect(dry.proposed).toMatchObject([
        {
          type: 'CashDeposited',
          streamId: event?.streamId,
          version: event?.version,
          data: event?.data,
          occurredAt,
        },
      ]);
      expect(proposed).toEqual([]);
    }
  });

  test('are empty if it replays a recorded answer or is rejected', async () => {
    const id = await ours.open('10.00');
    const key = { idempotencyKey: 'key' };
    await ours.deposit(id, '1.00', key);
    expect(await ours.deposit(id, '1.00', { ...key, dryRun: true })).toMatchObject({
      replayed: true,
      dryRun: true,
      proposed: [],
      events: [{ type: 'CashDeposited' }],
    });
    expect((await ours.withdraw(id, '99.00', { dryRun: true })).proposed).toEqual([]);
  });
});

describe('what a dry run decides', () => {
  test('is later than the last event, however far behind the clock is', async () => {
    const id = await ours.open('10.00');
    const { recordedAt } = await ours.log.head();
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
    const { decided } = await ours.deposit(id, '1.00', { dryRun: true });
    expect(decided).toMatchObject([{ sequence: 3 }]);
    expect(String(decided[0]?.recordedAt) > String(recordedAt)).toBe(true);
  });

  test('comes right after the earlier commands of its batch', async () => {
    const id = await ours.open('10.00');
    const [before, dry] = await Promise.all([
      ours.deposit(id, '1.00'),
      ours.deposit(id, '2.00', { dryRun: true }),
      ours.deposit(id, '3.00'),
    ]);
    const { sequence = 0, recordedAt = '' } = before.events[0] ?? {};
    expect(dry.decided).toMatchObject([
      { sequence: sequence + 1, recordedAt: addMicroseconds(recordedAt, 1) },
    ]);
  });

  test('is later than the last event, even if its batch records only a rejection', async () => {
    const id = await ours.open('10.00');
    const { recordedAt } = await ours.log.head();
    const [, dry] = await Promise.all([
      ours.withdraw(id, '99.00', { idempotencyKey: 'key' }),
      ours.deposit(id, '2.00', { dryRun: true }),
    ]);
    expect(dry.decided).toMatchObject([{ sequence: 3, recordedAt: expect.any(String) }]);
    expect(String(dry.decided[0]?.recordedAt) > String(recordedAt)).toBe(true);
  });
});
