import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountStreamOf } from '../../src/kernel/account-ids.ts';
import type { CommandRecord, PendingRecord } from '../../src/kernel/command-record.ts';
import type { PendingEvent } from '../../src/kernel/log.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import type { CommandRecordFilter } from '../../src/log/record-batches.ts';
import type { RecordPage } from '../../src/log/records.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { allRecords } from '../support/records.ts';

const batchCount = 120;
const seed = Math.floor(Math.random() * 2 ** 31);
const random = createRandom(seed);
const accountIds = Array.from({ length: 5 }, newUuid);
const actors = ['ann', 'bob', 'eve'];
const names = ['depositCash', 'withdrawCash', 'cancelOrder'];
const correlations = ['import 1', 'import 2'];

let testDatabase: TestDatabase;
let log: Log;
/** Every record, as the database was asked to keep it, in order. */
let all: readonly CommandRecord[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
  const appended: CommandRecord[] = [];
  const versions = new Map<string, number>();
  for (let number = 0; number < batchCount; number += 1) {
    appended.push(...(await appendRandom(versions)));
  }
  all = appended;
});
afterAll(() => testDatabase.dispose());

function createRandom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function pick<Value>(values: readonly Value[]): Value {
  return values[random(values.length)] as Value;
}

/** Appends a batch of random commands; returns their records as they are to be read. */
async function appendRandom(versions: Map<string, number>): Promise<readonly CommandRecord[]> {
  const events: PendingEvent[] = [];
  const records: PendingRecord[] = [];
  const ends: number[] = [];
  // Some batches of an earlier release: they have events and no records.
  const isKept = random(10) > 0;
  // The streams have the same version in the database and in the map, since all appends succeed.
  const isHeavy = random(10) === 0;
  for (let count = random(4) + (isHeavy ? 0 : 1); count > 0; count -= 1) {
    const record = randomRecord();
    const own = record.outcome === 'ACCEPTED' ? randomEvents(record, versions, isHeavy) : [];
    events.push(...own);
    const streams = own.map(({ streamId }) => streamId.slice('account-'.length));
    const others = [...new Set(streams)].filter((id) => !record.accountIds.includes(id));
    const accounts = [...record.accountIds, ...others];
    records.push({
      ...record,
      accountIds: accounts,
      otherAccountIds: others,
      eventCount: own.length,
    });
    ends.push(events.length);
  }
  const batch = batchOf(events, { records: isKept ? records : [] });
  const { firstSequence, recordedAt } = await log.append(batch);
  if (!isKept) return [];
  return records.map(({ otherAccountIds: _others, ...record }, index): CommandRecord => {
    const end = ends[index] ?? 0;
    return {
      ...record,
      input: JSON.parse(record.input),
      place: { batch: recordedAt, index },
      sequence: firstSequence - 1 + end,
      recordedAt: plusMicroseconds(recordedAt, Math.max(end - 1, 0)),
    };
  });
}

function randomRecord(): Omit<PendingRecord, 'otherAccountIds'> {
  const id = newUuid();
  const named = random(3) === 0 ? [] : [pick(accountIds)];
  const outcome = pick(['ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'REJECTED', 'FORBIDDEN'] as const);
  const isAccepted = outcome === 'ACCEPTED';
  return {
    id,
    name: pick(names),
    actor: pick(actors),
    roles: ['OPERATOR'],
    transport: 'http',
    outcome,
    code: isAccepted ? null : 'NO',
    message: isAccepted ? null : 'no',
    eventCount: 0,
    idempotencyKey: null,
    correlationId: random(4) === 0 ? pick(correlations) : id,
    causationId: null,
    input: JSON.stringify(named.length === 0 ? { orderId: 'o' } : { fromAccountId: named[0] }),
    accountIds: named,
  };
}

function randomEvents(
  { id, actor }: Pick<PendingRecord, 'id' | 'actor'>,
  versions: Map<string, number>,
  isHeavy: boolean,
): readonly PendingEvent[] {
  const heavy = accountIds[0] ?? '';
  return Array.from({ length: isHeavy ? 20 : random(3) }, () => {
    const streamId = accountStreamOf(isHeavy ? heavy : pick(accountIds));
    const version = (versions.get(streamId) ?? 0) + 1;
    versions.set(streamId, version);
    return pending(streamId, version, { commandId: id, actor });
  });
}

function plusMicroseconds(time: string, count: number): string {
  const whole = BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000n + BigInt(time.slice(20, 26));
  const sum = whole + BigInt(count);
  const seconds = new Date(Number(sum / 1_000_000n) * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(sum % 1_000_000n).padStart(6, '0')}Z`;
}

function randomFilter(): CommandRecordFilter {
  const maybe = <Value>(value: () => Value) => (random(4) === 0 ? value() : undefined);
  const record = pick(all);
  return {
    id: random(12) === 0 ? record.id : undefined,
    correlationId: random(8) === 0 ? pick([...correlations, record.id]) : undefined,
    accountId: maybe(() => pick([...accountIds, newUuid()])),
    actor: maybe(() => pick([...actors, 'nobody'])),
    names: maybe(() => [pick(names), pick(names)]),
    outcome: maybe(() => pick(['ACCEPTED', 'REJECTED', 'FORBIDDEN'] as const)),
  };
}

function randomPage(): Partial<RecordPage> {
  const maybe = <Value>(value: () => Value) => (random(3) === 0 ? value() : null);
  const time = () => pick(all).recordedAt;
  const end = pick(all);
  return {
    after: maybe(() => pick(all).place),
    before: maybe(() => pick(all).place),
    since: maybe(time),
    until: maybe(time),
    ...(random(2) === 0 && { end: { sequence: end.sequence, recordedAt: time() } }),
    limit: 1 + random(20),
    descending: random(2) === 0,
    lookedAtMax: pick([1, 2, 3, 7, 256]),
  };
}

/** What a page has, read record by record. */
function naive(filter: CommandRecordFilter, page: Partial<RecordPage>): readonly CommandRecord[] {
  const { after, before, since, until, end, limit = 0, descending } = page;
  const keyOf = ({ batch, index }: { batch: string; index: number }) => `${batch} ${index}`;
  const found = all.filter(
    (record) =>
      (after == null || keyOf(record.place) > keyOf(after)) &&
      (before == null || keyOf(record.place) < keyOf(before)) &&
      (since == null || record.recordedAt >= since) &&
      (until == null || record.recordedAt < until) &&
      (end === undefined ||
        (record.recordedAt <= end.recordedAt && record.sequence <= end.sequence)) &&
      (filter.id === undefined || record.id === filter.id) &&
      (filter.correlationId === undefined || record.correlationId === filter.correlationId) &&
      (filter.accountId === undefined || record.accountIds.includes(filter.accountId)) &&
      (filter.actor === undefined || record.actor === filter.actor) &&
      (filter.names === undefined || filter.names.includes(record.name)) &&
      (filter.outcome === undefined || record.outcome === filter.outcome),
  );
  return (descending ? found.reverse() : found).slice(0, limit);
}

test('all records are read as they were appended, from either end', async () => {
  const read = await allRecords(log);
  expect(read.map(comparable), `seed ${seed}`).toEqual(all.map(comparable));
  const reversed = await allRecords(log, {}, { descending: true, lookedAtMax: 3 });
  expect(reversed.map(comparable)).toEqual(all.map(comparable).toReversed());
});

function comparable(record: CommandRecord) {
  return { ...record, accountIds: [...record.accountIds].sort() };
}

test('a filtered page is what a plain search finds, however little one scan looks at', async () => {
  let found = 0;
  for (let round = 0; round < 400; round += 1) {
    const [filter, page] = [randomFilter(), randomPage()];
    const read = await allRecords(log, filter, page);
    const expected = naive(filter, page);
    const request = `seed ${seed}: ${JSON.stringify([filter, page])}`;
    expect(
      read.map(({ id }) => id),
      request,
    ).toEqual(expected.map(({ id }) => id));
    found += expected.length;
  }
  expect(found).toBeGreaterThan(400);
}, 60_000);

test('the end of the records up to a sequence is open only at the head', async () => {
  const { sequence } = await log.head();
  expect((await log.recordsEnd(sequence)).isOpen).toBe(true);
  for (const at of [0, 1, Math.floor(sequence / 2), sequence - 1]) {
    const end = await log.recordsEnd(at);
    expect(end.isOpen).toBe(false);
    const read = await allRecords(log, {}, { end });
    expect(read.length).toBe(all.filter((record) => record.sequence <= at).length);
  }
});
