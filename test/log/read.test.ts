import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import type { EventDefinition } from '../../src/kernel/event-definition.ts';
import type { PendingEvent } from '../../src/kernel/log.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import type { EventFilter, EventPage } from '../../src/log/read.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let testDatabase: TestDatabase;
let log: Log;
let all: readonly StoredEvent[];

const streamIds = ['account-1', 'account-2', 'Account-1', 'order-1', 'order-é'];
const types = ['Opened', 'Moved', 'Closed', 'Unknown'];
const actors = ['ann', 'Ann', 'bob'];
const correlations = Array.from({ length: 6 }, (_, index) => `correlation ${index}`);
const eventCount = 400;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
  const versions = new Map<string, number>();
  const random = createRandom(20_261_123);
  const pick = (values: readonly string[]) => values[random() % values.length] ?? '';
  for (let done = 0; done < eventCount; done += 20) {
    const events: PendingEvent[] = [];
    for (let index = 0; index < 20; index += 1) {
      const streamId = pick(streamIds);
      const version = (versions.get(streamId) ?? 0) + 1;
      versions.set(streamId, version);
      const given = { actor: pick(actors), correlationId: pick(correlations), type: pick(types) };
      events.push(pending(streamId, version, { ...given, data: { done } }));
    }
    await log.append(batchOf(events));
  }
  const page = { limit: eventCount };
  all = await log.events({}, page);
});

afterAll(() => testDatabase.dispose());

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const filters: fc.Arbitrary<EventFilter> = fc.record({
  id: fc.option(
    fc.nat(eventCount - 1).map((index) => all[index]?.id ?? ''),
    { nil: undefined, freq: 1 },
  ),
  correlationId: optional(fc.constantFrom(...correlations, 'none')),
  streamId: optional(fc.constantFrom(...streamIds, 'none')),
  actor: optional(fc.constantFrom(...actors, 'none')),
  types: optional(fc.array(fc.constantFrom(...types, 'None'), { maxLength: 4 })),
});
type WholePage = Required<Omit<EventPage, 'lookedAtMax'>>;
const pages: fc.Arbitrary<WholePage> = fc.record({
  after: fc.nat(eventCount + 10),
  before: fc.oneof(fc.nat(eventCount + 10), fc.constant(Number.MAX_SAFE_INTEGER)),
  limit: fc.integer({ min: 1, max: 60 }),
  descending: fc.boolean(),
});

test('a page read by any filter equals the same page of a naive filter over all', async () => {
  const property = fc.asyncProperty(filters, pages, async (filter, page) => {
    expect(await log.events(filter, page)).toEqual(naivePage(filter, page));
  });
  await fc.assert(property, { numRuns: 400 });
});

test('nothing is before the first event, however the page begins', async () => {
  expect(await log.events({}, { after: -1, before: 1, limit: 1 })).toEqual([]);
  const [first] = await log.events({}, { after: -1, before: 2, limit: 1, descending: true });
  expect(first?.sequence).toBe(1);
});

test('paging in either direction returns every event of a filter once', async () => {
  const property = fc.asyncProperty(filters, pages, async (filter, { limit, descending }) => {
    const met: StoredEvent[] = [];
    let page = { after: 0, before: Number.MAX_SAFE_INTEGER, limit, descending };
    for (;;) {
      const events = await log.events(filter, page);
      const last = events.at(-1);
      if (last === undefined) break;
      met.push(...events);
      page = { ...page, ...(descending ? { before: last.sequence } : { after: last.sequence }) };
    }
    expect(met).toEqual(
      naivePage(filter, { ...page, after: 0, before: Infinity, limit: Infinity }),
    );
  });
  await fc.assert(property, { numRuns: 40 });
});

test('consecutive bounded scans return every event of a page, in order, and end', async () => {
  const lookedAtMaxes = fc.integer({ min: 1, max: 50 });
  const property = fc.asyncProperty(filters, pages, lookedAtMaxes, async (filter, page, most) => {
    const met: StoredEvent[] = [];
    let rest = { ...page, lookedAtMax: most };
    for (;;) {
      const { events, stoppedAt } = await log.scan(filter, rest);
      if (membersOf(filter) > 1) expect(events.length).toBeLessThanOrEqual(most);
      met.push(...events);
      if (stoppedAt === null) break;
      expect(stoppedAt).toBeGreaterThan(rest.after);
      expect(stoppedAt).toBeLessThan(rest.before);
      const bound = page.descending ? { before: stoppedAt } : { after: stoppedAt };
      rest = { ...rest, ...bound, limit: page.limit - met.length };
    }
    expect(met).toEqual(naivePage(filter, page));
  });
  await fc.assert(property, { numRuns: 300 });
});

function membersOf(filter: EventFilter): number {
  return Object.values(filter).filter((member) => member !== undefined).length;
}

const definition = (upcasters: EventDefinition['upcasters'] = []): EventDefinition => ({
  description: '',
  audience: 'LOG',
  fields: {},
  upcasters,
});

test('an event stored under schema version 1 is read as version 3', async () => {
  const renamed = definition([
    ({ name: fullName = '' }) => ({ fullName }),
    ({ fullName }) => ({ names: String(fullName).split(' ') }),
  ]);
  const upcasting = createLog(testDatabase.database, new Map([['Renamed', renamed]]));
  const streamId = `person-${newUuid()}`;
  const old = { type: 'Renamed', data: { name: 'Ada Lovelace' } };
  await upcasting.append(
    batchOf([
      pending(streamId, 1, old),
      pending(streamId, 2, { type: 'Renamed', schemaVersion: 2, data: { fullName: 'Ada King' } }),
      pending(streamId, 3, { type: 'Renamed', schemaVersion: 3, data: { names: ['Ada'] } }),
    ]),
  );
  const page = { limit: 10 };
  const paged = await upcasting.events({ streamId }, page);
  expect(paged.map(({ data }) => data)).toEqual([
    { names: ['Ada', 'Lovelace'] },
    { names: ['Ada', 'King'] },
    { names: ['Ada'] },
  ]);
  expect(paged.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 2, 3]);
  expect((await upcasting.streams([{ streamId, fromVersion: 0 }])).events).toEqual(paged);
  const [stored] = await log.events({ streamId }, page);
  expect(stored?.data).toEqual(old.data);
});

test('an event of a newer schema version than the program knows is not read', async () => {
  const streamId = `person-${newUuid()}`;
  await log.append(batchOf([pending(streamId, 1, { type: 'Renamed', schemaVersion: 2 })]));
  const knowing = createLog(testDatabase.database, new Map([['Renamed', definition()]]));
  const { sequence } = await log.head();
  await expect(knowing.streams([{ streamId, fromVersion: 0 }])).rejects.toMatchObject({
    code: 'UPGRADE_NEEDED',
    type: 'Renamed',
    schemaVersion: 2,
    sequence,
  });
});

test('an unknown type is read as stored, unless its kind of stream is known', async () => {
  const ids = [`product-${newUuid()}`, `person-${newUuid()}`] as const;
  const batch = ids.map((streamId) => pending(streamId, 1, { type: 'Unheard', schemaVersion: 3 }));
  await log.append(batchOf(batch));
  const events = { Renamed: definition() };
  const context = { name: 'people', events, deciders: [{ category: 'person' }], views: [] };
  const knowing = createLog(testDatabase.database, eventDefinitionsOf([context]));
  const read = (streamId: string) => knowing.streams([{ streamId, fromVersion: 0 }]);
  expect((await read(ids[0])).events).toMatchObject([{ type: 'Unheard', schemaVersion: 3 }]);
  await expect(read(ids[1])).rejects.toMatchObject({ code: 'UPGRADE_NEEDED', type: 'Unheard' });
});

test('data is returned as it was written', async () => {
  const values = fc.dictionary(cleanText(), fc.jsonValue({ stringUnit: 'grapheme' }));
  let version = 0;
  const streamId = `json-${newUuid()}`;
  const property = fc.asyncProperty(values, async (data) => {
    version += 1;
    // As the rest of the program sees it: JSON has no undefined and no negative zero.
    const given = JSON.parse(JSON.stringify(data));
    await log.append(batchOf([pending(streamId, version, { data: given })]));
    const {
      events: [event],
    } = await log.streams([{ streamId, fromVersion: version }]);
    expect(event?.data).toEqual(given);
  });
  await fc.assert(property, { numRuns: 60 });
});

function cleanText(): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
}

function naivePage(filter: EventFilter, page: WholePage): readonly StoredEvent[] {
  const matching = all.filter(
    (event) =>
      event.sequence > page.after &&
      event.sequence < page.before &&
      (filter.id === undefined || filter.id === event.id) &&
      (filter.correlationId === undefined || filter.correlationId === event.correlationId) &&
      (filter.streamId === undefined || filter.streamId === event.streamId) &&
      (filter.actor === undefined || filter.actor === event.actor) &&
      (filter.types === undefined || filter.types.includes(event.type)),
  );
  return (page.descending ? matching.reverse() : matching).slice(0, page.limit);
}

/** A small generator with a seed (Park and Miller's), so that a failure can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}
