import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import { sqlStateOf } from '../../src/postgres/errors.ts';
import { createListener } from '../../src/postgres/listener.ts';
import { batchOf, expecting, outcomeOf, pending, run } from '../support/batches.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { countOf, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let log: Log;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
});

afterEach(() => testDatabase.dispose());

const whole = { limit: 10_000 };

test('of two appends that both expect a stream not to exist, exactly one succeeds', async () => {
  for (let round = 0; round < 20; round += 1) {
    const streamId = `account-${round}`;
    const racing = [0, 1].map(() => log.append(batchOf([pending(streamId, 1)])));
    const results = await Promise.allSettled(racing);
    const lost = results.filter((result) => result.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toMatchObject({ code: 'STALE_STREAMS' });
    expect(lost[0]?.reason.actual).toEqual(new Map([[streamId, 1]]));
    expect(await log.events({ streamId }, whole)).toHaveLength(1);
  }
});

test('an append with a stale version is rejected and writes nothing', async () => {
  await log.append(batchOf(run('a-1', 0, 2)));
  const before = await tables();
  const stale = batchOf([pending('b-1', 1), pending('a-1', 2)], {
    outcomes: [outcomeOf('key')],
  });
  const error = await log.append(stale).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'STALE_STREAMS', actual: new Map([['a-1', 2]]) });
  expect(await tables()).toEqual(before);
});

test('a stream that was only read is checked as well', async () => {
  await log.append(batchOf([pending('a-1', 1)]));
  const resting = batchOf([pending('b-1', 1)], {
    expected: expecting([
      ['b-1', 0],
      ['a-1', 0],
    ]),
  });
  await expect(log.append(resting)).rejects.toMatchObject({ actual: new Map([['a-1', 1]]) });
  expect((await log.head()).sequence).toBe(1);
});

test('a version that leaves a gap, or is not the expected one, is rejected', async () => {
  const gap = batchOf([pending('a-1', 2)], { expected: expecting([['a-1', 1]]) });
  await expect(log.append(gap)).rejects.toMatchObject({ code: 'STALE_STREAMS' });
  await log.append(batchOf([pending('a-1', 1)]));
  const blind = batchOf([pending('a-1', 1)], { expected: new Map() });
  await expect(log.append(blind)).rejects.toMatchObject({
    constraint: 'events_1_stream_id_version_key',
  });
});

test('racing appenders leave a gapless log, and a reader that polls misses nothing', async () => {
  const appenderCount = 8;
  const batchCount = 20;
  const ids: string[] = [];
  const appending = Array.from({ length: appenderCount }, async (_, appender) => {
    const own = createDatabase({
      url: testDatabase.url,
      applicationName: 'appender',
      log: silentLogger,
    });
    const ownLog = createLog(own, new Map());
    let version = 0;
    for (let round = 0; round < batchCount; round += 1) {
      const events = run(`stream-${appender}`, version, 1 + ((appender + round) % 4));
      version += events.length;
      await ownLog.append(batchOf(events));
      ids.push(...events.map(({ id }) => id));
    }
    await own.stop();
  });
  const over = Promise.all(appending);
  let isOver = false;
  const marked = over.then(() => {
    isOver = true;
  });
  const seen: StoredEvent[] = [];
  for (;;) {
    const wasOver = isOver;
    const page = { ...whole, after: seen.at(-1)?.sequence ?? 0, limit: 50 };
    const events = await log.events({}, page);
    seen.push(...events);
    if (wasOver && events.length === 0) break;
  }
  await marked;
  expect(seen.map(({ sequence }) => sequence)).toEqual(ids.map((_, index) => index + 1));
  expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(ids));
  const times = seen.map(({ recordedAt }) => recordedAt);
  expect(times).toEqual([...new Set(times)].sort());
  expect((await log.head()).sequence).toBe(ids.length);
});

test('the events of a batch are one microsecond apart', async () => {
  const batch = batchOf(run('a-1', 0, 3));
  const { firstSequence, recordedAt } = await log.append(batch);
  const stored = await log.events({}, whole);
  expect(firstSequence).toBe(1);
  expect(stored.map((event) => event.recordedAt)[0]).toBe(recordedAt);
  const micros = stored.map((event) => BigInt(event.recordedAt.slice(17, 26).replace('.', '')));
  const first = micros[0] ?? 0n;
  expect(micros.map((at) => (at - first + 60_000_000n) % 60_000_000n)).toEqual([0n, 1n, 2n]);
  const [{ recordedAt: last = '' } = {}] = stored.slice(-1);
  expect(await log.head()).toMatchObject({ sequence: 3, recordedAt: last });
});

test('each batch sends one notification that carries only the head', async () => {
  const received: string[] = [];
  const listener = createListener({
    url: testDatabase.url,
    channels: ['daybook_log'],
    onNotification: (_channel, payload) => received.push(payload),
    onConnected: () => {},
    log: silentLogger,
  });
  await until(() => listener.connected());
  await log.append(batchOf(run('a-1', 0, 200)));
  await log.append(batchOf([pending('b-1', 1), pending('c-1', 1)]));
  await log.append(batchOf([], { outcomes: [outcomeOf('nothing new')] }));
  await log.append(batchOf([pending('a-1', 1)])).catch(() => {});
  await runStatement(testDatabase.url, `notify daybook_log, 'end'`);
  await until(() => received.includes('end'));
  await listener.stop();
  expect(received).toEqual(['200', '202', 'end']);
});

test.each([
  `update events set actor = 'somebody else'`,
  'update events set data = data where false',
  'delete from events',
  'delete from events where false',
  'truncate events',
  'truncate command_outcomes',
  `update command_outcomes set rejection = '{}'`,
  'delete from command_outcomes',
])('the database itself rejects: %s', async (statement) => {
  await log.append(batchOf([pending('a-1', 1)], { outcomes: [outcomeOf('key')] }));
  const before = await log.events({}, whole);
  const error = await sql(testDatabase.database, statement).catch((reason: unknown) => reason);
  expect(sqlStateOf(error)).toBe('DB003');
  expect(await log.events({}, whole)).toEqual(before);
});

test('an event without occurredAt occurred when it was recorded', async () => {
  await log.append(
    batchOf([
      pending('a-1', 1),
      pending('a-1', 2, { occurredAt: '2001-02-03T04:05:06.789012Z' }),
      pending('a-1', 3, { occurredAt: '2999-01-01T00:00:00.000000Z' }),
    ]),
  );
  const [now, past, future] = await log.events({}, whole);
  expect(now?.occurredAt).toBe(now?.recordedAt);
  expect(past?.occurredAt).toBe('2001-02-03T04:05:06.789012Z');
  expect(future?.occurredAt).toBe(future?.recordedAt);
});

test('a batch is found by its id, and another id is not', async () => {
  const batch = batchOf(run('a-1', 0, 2));
  expect(await log.findBatch(batch.id)).toBeNull();
  const appended = await log.append(batch);
  expect(await log.findBatch(batch.id)).toEqual(appended);
  expect(await log.findBatch(newUuid())).toBeNull();
});

test('a batch without events is found as well and leaves the head where it is', async () => {
  const batch = batchOf([], { outcomes: [outcomeOf('key')] });
  const appended = await log.append(batch);
  expect(await log.findBatch(batch.id)).toEqual(appended);
  expect(await log.head()).toMatchObject({ sequence: 0, recordedAt: null });
});

test('a batch id cannot be appended twice', async () => {
  const batch = batchOf([pending('a-1', 1)]);
  await log.append(batch);
  await expect(log.append(batch)).rejects.toMatchObject({ code: 'STALE_STREAMS' });
  const other = batchOf([pending('b-1', 1)], { id: batch.id });
  await expect(log.append(other)).rejects.toMatchObject({
    constraint: 'command_batches_batch_id_key',
  });
  expect((await log.head()).sequence).toBe(1);
});

test('outcomes are read back with the head right after their command', async () => {
  await log.append(batchOf(run('z-1', 0, 5)));
  const rejection = { code: 'NO', message: 'no', data: { why: 'so' } };
  const first = outcomeOf('first', { offset: 2, eventCount: 2 });
  const second = outcomeOf('second', { offset: 2, rejection, actor: 'other' });
  await log.append(batchOf(run('a-1', 0, 3), { outcomes: [first, second] }));
  const wanted = [
    ['tester', 'first'],
    ['other', 'second'],
    ['other', 'first'],
  ] as const;
  const { offset: _, ...firstRest } = first;
  const { offset: __, ...secondRest } = second;
  const found = await log.outcomes(wanted);
  expect([...found].sort((a, b) => (a.idempotencyKey < b.idempotencyKey ? -1 : 1))).toEqual([
    { ...firstRest, sequence: 7 },
    { ...secondRest, sequence: 7 },
  ]);
});

test('an append whose key already has an outcome is rejected and writes nothing', async () => {
  await log.append(batchOf([pending('a-1', 1)], { outcomes: [outcomeOf('key')] }));
  const before = await tables();
  const outcomes = [outcomeOf('fresh'), outcomeOf('key'), outcomeOf('key', { actor: 'other' })];
  const again = log.append(batchOf([pending('b-1', 1)], { outcomes }));
  await expect(again).rejects.toMatchObject({ code: 'KEYS_USED', keys: [['tester', 'key']] });
  expect(await tables()).toEqual(before);
});

test('verify returns the end of the log, or throws an error that names the stale streams', async () => {
  await log.append(batchOf([...run('a-1', 0, 2), ...run('b-1', 0, 1)]));
  const right = new Map([
    ['a-1', 2],
    ['b-1', 1],
    ['c-1', 0],
  ]);
  const { sequence, recordedAt } = await log.head();
  expect(sequence).toBe(3);
  expect(await log.verify(expecting(right))).toEqual({ sequence, recordedAt });
  expect(await log.verify(new Map())).toEqual({ sequence, recordedAt });
  const wrong = new Map([...right, ['a-1', 1], ['c-1', 1]] as const);
  await expect(log.verify(expecting(wrong))).rejects.toMatchObject({
    actual: new Map([
      ['a-1', 2],
      ['c-1', 0],
    ]),
  });
});

test('the tails of streams are read in order of version', async () => {
  await log.append(batchOf([pending('a-1', 1), pending('b-1', 1), pending('a-1', 2)]));
  await log.append(batchOf([pending('b-1', 2), pending('a-1', 3)]));
  const { events } = await log.streams([
    { streamId: 'b-1', fromVersion: 0 },
    { streamId: 'a-1', fromVersion: 2 },
    { streamId: 'none', fromVersion: 0 },
  ]);
  const versionsOf = (streamId: string) =>
    events.filter((event) => event.streamId === streamId).map(({ version }) => version);
  expect([versionsOf('a-1'), versionsOf('b-1'), events.length]).toEqual([[2, 3], [1, 2], 4]);
});

test('a snapshot that is older, or whose event is not in the log, is not stored', async () => {
  const events = run('a-1', 0, 5);
  await log.append(batchOf(events));
  const write = (
    version: number,
    deciderVersion = 1,
    lastEventId = events[version - 1]?.id ?? '',
  ) =>
    log.writeSnapshots([
      { streamId: 'a-1', deciderVersion, version, lastEventId, state: `{"sum":"${version}"}` },
    ]);
  const request = { streamId: 'a-1', deciderVersion: 1 };
  await write(4);
  const fourth = { ...request, version: 4, lastEventId: events[3]?.id, state: { sum: '4' } };
  await write(3);
  await write(3, 2);
  expect(await log.snapshots([request])).toEqual([fourth]);
  expect(await log.snapshots([{ ...request, deciderVersion: 3 }])).toEqual([]);
  await write(5, 1, newUuid());
  expect(await log.snapshots([request])).toEqual([fourth]);
});

/** All that an append can change. */
async function tables() {
  const { database } = testDatabase;
  const names = ['events', 'append_batches', 'command_outcomes'];
  const counts = await Promise.all(names.map((name) => countOf(database, name)));
  return [...counts, await sql(database, 'select sequence, clock from log_head')];
}
