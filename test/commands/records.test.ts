import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverRight } from '../../src/access/command-rights.ts';
import type { CommandRequest } from '../../src/commands/request.ts';
import {
  depositCash,
  freezeAccount,
  openAccount,
  transferCash,
} from '../../src/contexts/accounts/commands.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { reject } from '../../src/kernel/rejection.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { StaleStreamsError } from '../../src/log/errors.ts';
import { batchOf, expecting, run } from '../support/batches.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import {
  createTestProcess,
  type TestProcess,
  wholeLog,
  withDatabase,
} from '../support/processing.ts';
import { allRecords } from '../support/records.ts';
import { countOf, sql } from '../support/rows.ts';

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

const base = {
  options: {},
  actor: 'ann',
  roles: allRoles,
  transport: 'http',
  correlationId: null,
  causationId: null,
} as const;

function submit<Input>(request: Partial<CommandRequest<Input>> & CommandsInput<Input>) {
  return ours.processor.submit<Input>({ ...base, ...request });
}

interface CommandsInput<Input> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
}

const records = () => allRecords(ours.log);
const latest = async () => (await records()).at(-1);

/** Rejects every command as forbidden, as a right would be decided. */
const forbidden: CommandDefinition<{ readonly accountId: string }> = {
  name: 'lookAway',
  description: '',
  rejections: [],
  right: serverRight,
  handle() {
    const definition = { name: 'ForbiddenError', code: 'FORBIDDEN', description: '', fields: {} };
    reject(definition, 'no right', {});
  },
};

test('an accepted command is recorded with its input, its actor and its events', async () => {
  const accountId = await ours.open();
  const causationId = newUuid();
  const result = await submit({
    definition: depositCash,
    input: { amount: '5.00', accountId, reference: null },
    options: {
      idempotencyKey: 'key',
      expectedVersion: 1,
      occurredAt: '2026-01-05T09:00:00.000000Z',
    },
    roles: ['OPERATOR', 'MARKET'],
    transport: 'websocket',
    correlationId: 'import 7',
    causationId,
  });
  const event = result.events[0];
  const record = await latest();
  expect(record).toMatchObject({
    id: event?.commandId,
    name: 'depositCash',
    actor: 'ann',
    roles: ['OPERATOR', 'MARKET'],
    transport: 'websocket',
    outcome: 'ACCEPTED',
    code: null,
    message: null,
    eventCount: 1,
    idempotencyKey: 'key',
    correlationId: 'import 7',
    causationId,
    sequence: 2,
    recordedAt: event?.recordedAt,
  });
  expect(JSON.stringify(record?.input)).toBe(
    JSON.stringify({
      accountId,
      amount: '5.00',
      expectedVersion: 1,
      occurredAt: '2026-01-05T09:00:00.000000Z',
    }),
  );
});

test('every outcome is recorded, with and without a key', async () => {
  const accountId = await ours.open('5.00');
  for (const idempotencyKey of [null, 'key']) {
    const options = { idempotencyKey };
    const more = idempotencyKey === null ? {} : { idempotencyKey: 'other' };
    await ours.withdraw(accountId, '9.00', options);
    expect(await latest()).toMatchObject({
      outcome: 'REJECTED',
      code: 'INSUFFICIENT_FUNDS',
      message: expect.stringContaining('9.00'),
      idempotencyKey,
      eventCount: 0,
      sequence: 2,
    });
    await submit({ definition: forbidden, input: { accountId }, options: more });
    expect(await latest()).toMatchObject({ name: 'lookAway', outcome: 'FORBIDDEN' });
  }
  await submit({ definition: freezeAccount, input: { accountId } });
  await submit({ definition: freezeAccount, input: { accountId } });
  expect(await latest()).toMatchObject({ outcome: 'ACCEPTED', eventCount: 0, sequence: 3 });
  expect(await records()).toHaveLength(8);
});

test('a key that is used with another input is recorded as rejected', async () => {
  const accountId = await ours.open();
  await ours.deposit(accountId, '1.00', { idempotencyKey: 'key' });
  const reused = [1, 2, 3].map(() => ours.deposit(accountId, '2.00', { idempotencyKey: 'key' }));
  for (const { rejection } of await Promise.all(reused)) {
    expect(rejection?.code).toBe('IDEMPOTENCY_KEY_REUSED');
  }
  const all = await records();
  expect(all).toHaveLength(5);
  for (const record of all.slice(2)) {
    expect(record).toMatchObject({
      outcome: 'REJECTED',
      code: 'IDEMPOTENCY_KEY_REUSED',
      input: { amount: '2.00' },
      idempotencyKey: 'key',
      sequence: 2,
    });
  }
});

test('dry runs and repetitions are not recorded', async () => {
  const accountId = await ours.open('5.00');
  await ours.deposit(accountId, '1.00', { idempotencyKey: 'key' });
  await ours.withdraw(accountId, '9.00', { idempotencyKey: 'refused' });
  const before = await records();
  expect(before).toHaveLength(4);
  await ours.deposit(accountId, '1.00', { idempotencyKey: 'key' });
  await ours.withdraw(accountId, '9.00', { idempotencyKey: 'refused' });
  await ours.deposit(accountId, '1.00', { dryRun: true });
  await ours.deposit(accountId, '2.00', { dryRun: true, idempotencyKey: 'key' });
  await ours.withdraw(accountId, '9.00', { dryRun: true });
  expect(await records()).toEqual(before);
});

test('the events of every record are those of its command, and all events have a record', async () => {
  const ids = await Promise.all([ours.open('50.00'), ours.open('50.00'), ours.open('50.00')]);
  const commands = Array.from({ length: 200 }, (_, index) => {
    const [from = '', to = ''] = [ids[index % 3], ids[(index + 1) % 3]];
    return index % 4 === 0
      ? submit({
          definition: transferCash,
          input: { fromAccountId: from, toAccountId: to, amount: '20.00' },
        })
      : ours.withdraw(from, '1.00');
  });
  await Promise.all(commands);
  const events = await ours.log.events({}, wholeLog);
  const all = await records();
  expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['ACCEPTED', 'REJECTED']));
  expect(all).toHaveLength(206);
  const seen = all.flatMap(({ id, sequence, eventCount, recordedAt }) => {
    const own = events.slice(sequence - eventCount, sequence);
    for (const { commandId } of own) expect(commandId).toBe(id);
    if (own.length > 0) expect(recordedAt).toBe(own.at(-1)?.recordedAt);
    return own;
  });
  expect(seen).toEqual(events);
  const times = all.map(({ recordedAt, sequence }) => `${recordedAt} ${sequence}`);
  expect(times).toEqual(times.toSorted());
});

test('a batch that is refused leaves no record', async () => {
  const accountId = await ours.open();
  await withDatabase(testDatabase.url, async (database) => {
    const theirs = createTestProcess(database);
    const rounds = Array.from({ length: 40 }, async () => {
      await Promise.all([ours.deposit(accountId, '1.00'), theirs.deposit(accountId, '1.00')]);
    });
    await Promise.all(rounds);
    await theirs.processor.stop();
  });
  const all = await records();
  const events = await ours.log.events({}, wholeLog);
  expect(all.map(({ id }) => id)).toEqual(events.map(({ commandId }) => commandId));
  expect(new Set(all.map(({ id }) => id)).size).toBe(81);

  const before = await countOf(testDatabase.database, 'command_batches');
  const [record] = (await recordsOfBatch(accountId)) ?? [];
  const stale = batchOf(run(`account-${accountId}`, 3, 1), {
    expected: expecting([[`account-${accountId}`, 3]]),
    records: record ? [record] : [],
  });
  await expect(ours.log.append(stale)).rejects.toThrow(StaleStreamsError);
  expect(await countOf(testDatabase.database, 'command_batches')).toBe(before);
  expect(await countOf(testDatabase.database, 'command_terms')).toBeGreaterThan(0);
});

async function recordsOfBatch(accountId: string) {
  const found = await allRecords(ours.log, { accountId }, { limit: 1 });
  return found.map((record) => ({
    ...record,
    input: JSON.stringify(record.input),
    otherAccountIds: [],
  }));
}

test('a record that cannot be written takes its events with it', async () => {
  const accountId = await ours.open('5.00');
  const head = await ours.log.head();
  await runStatement(
    testDatabase.url,
    `create function fail() returns trigger language plpgsql as $$
     begin raise exception 'no records today'; end $$;
     create trigger fail before insert on command_terms execute function fail()`,
  );
  await expect(ours.deposit(accountId, '1.00')).rejects.toThrow('no records today');
  await expect(ours.withdraw(accountId, '9.00')).rejects.toThrow('no records today');
  expect(await ours.log.head()).toEqual(head);
  await runStatement(testDatabase.url, 'drop trigger fail on command_terms');
  await ours.deposit(accountId, '1.00');
  expect((await records()).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('the database refuses to change or delete records', async () => {
  await ours.open();
  const statements = [
    `update command_batches set records = '{}'`,
    'delete from command_batches',
    'truncate command_batches',
    'update command_terms set term = 1',
    'delete from command_terms',
    'truncate command_terms',
  ];
  for (const statement of statements) {
    await expect(runStatement(testDatabase.url, statement)).rejects.toMatchObject({
      code: 'DB003',
    });
  }
  expect(await records()).toHaveLength(1);
});

test('a rejection is not decided on a state that another process has changed', async () => {
  const accountId = await ours.open('5.00');
  await withDatabase(testDatabase.url, async (database) => {
    const theirs = createTestProcess(database);
    await theirs.deposit(accountId, '10.00');
    await theirs.processor.stop();
  });
  const { rejection } = await ours.withdraw(accountId, '9.00');
  expect(rejection).toBeNull();
  expect(await records()).toHaveLength(4);
});

test('what was recorded up to a moment does not change when rejections follow', async () => {
  const accountId = await ours.open('5.00');
  const recordedAt = (await latest())?.recordedAt ?? '';
  const upTo = (time: string) =>
    allRecords(ours.log, {}, { end: { sequence: 2, recordedAt: time } });
  const before = await upTo(recordedAt);
  expect(await ours.log.sequenceAt(recordedAt)).toBe(2);
  const [clock] = await sql<{ now: string }>(
    testDatabase.database,
    'select clock_timestamp() as now',
  );
  const now = clock?.now ?? '';
  expect(await ours.log.sequenceAt(now)).toBe(2);
  await ours.withdraw(accountId, '9.00');
  expect(await upTo(recordedAt)).toEqual(before);
  expect(await upTo(now)).toEqual(before);
  const [rejected] = (await records()).slice(-1);
  expect(rejected?.recordedAt.localeCompare(now)).toBe(1);
  expect(await upTo(rejected?.recordedAt ?? '')).toHaveLength(3);
  // No later event gets a time up to that of the rejection.
  await ours.deposit(accountId, '1.00');
  expect(await ours.log.sequenceAt(rejected?.recordedAt ?? '')).toBe(2);
});

test('batches of an earlier release have no records, and are skipped', async () => {
  const accountId = await ours.open('5.00');
  await ours.log.append(batchOf(run('note-a', 0, 3)));
  await ours.deposit(accountId, '1.00');
  expect(await countOf(testDatabase.database, 'append_batches')).toBe(4);
  expect((await records()).map(({ sequence }) => sequence)).toEqual([1, 2, 6]);
  const [event] = await ours.log.events({ streamId: 'note-a' }, wholeLog);
  expect(await allRecords(ours.log, { id: event?.commandId ?? '' })).toEqual([]);
  expect(await allRecords(ours.log, { accountId })).toHaveLength(3);
});

test('texts are recorded as they are, whatever their characters', async () => {
  const texts = ['ünïcode 💶', 'quo"te', 'back\\slash', 'a,b}]{[', '', ' ', '\u0001\n', '$1'];
  for (const text of texts) {
    const correlationId = `${text}!`;
    await submit({
      definition: openAccount,
      input: { owner: text, currency: 'EUR' },
      actor: `${text}?`,
      options: { idempotencyKey: text },
      correlationId,
    });
    const expected = {
      actor: `${text}?`,
      idempotencyKey: text,
      input: { owner: text },
      correlationId,
    };
    expect(await allRecords(ours.log, { correlationId })).toMatchObject([expected]);
    expect(await allRecords(ours.log, { actor: `${text}?` })).toMatchObject([expected]);
  }
});

test('records of many characters are read in several scans, from either end', async () => {
  const definition: CommandDefinition<object> = {
    name: 'say',
    description: '',
    rejections: [],
    right: serverRight,
    handle() {},
  };
  const texts = Array.from({ length: 150 }, (_, index) => `${index} ${'x'.repeat(15_000)}`);
  for (const text of texts) await submit({ definition, input: { text } });
  const end = await ours.log.recordsEnd(0);
  const scan = await ours.log.records({}, { end, limit: 1_000 });
  expect(scan.records.length).toBeLessThan(100);
  expect(scan.stoppedAt).not.toBeNull();
  for (const descending of [false, true]) {
    const read = await allRecords(ours.log, { names: ['say'] }, { descending, limit: 1_000 });
    const expected = descending ? texts.toReversed() : texts;
    expect(read.map(({ input }) => input['text'])).toEqual(expected);
  }
});
