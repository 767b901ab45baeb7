import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEventPredicate } from '../../src/feed/event-predicate.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { becomes, type EventDefinition } from '../../src/kernel/event-definition.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';

let testDatabase: TestDatabase;
let log: Log;
let all: readonly StoredEvent[];

const plain: EventDefinition = { description: '', audience: 'LOG', fields: {} };
/** Moved was split into Raised and Lowered; events of version 1 are one of the three. */
const moved: EventDefinition = {
  ...plain,
  upcasters: [(data) => (data['way'] === null ? data : becomes(String(data['way']), data))],
  splitInto: ['Raised', 'Lowered'],
};
const definitions = new Map([
  ['Moved', moved],
  ['Raised', plain],
  ['Lowered', plain],
  ['Other', plain],
]);
const types = [...definitions.keys()];
const count = 120;

/** The events as they are stored: Moved of version 1 by three ways, and all types as of now. */
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, definitions);
  const stored = [
    { type: 'Moved', data: { way: 'Raised' } },
    { type: 'Moved', data: { way: 'Lowered' } },
    { type: 'Other', data: {} },
    { type: 'Moved', data: { way: null } },
    { type: 'Moved', schemaVersion: 2, data: {} },
    { type: 'Raised', data: {} },
    { type: 'Moved', data: { way: 'Lowered' } },
  ];
  for (let index = 0; index < count; index += 1) {
    const streamId = `lift-${index % 3}`;
    const own = { ...stored[(index * 5) % stored.length], actor: `actor ${index % 2}` };
    const version = Math.floor(index / 3) + 1;
    await log.append(batchOf([pending(streamId, version, own)]));
  }
  all = await log.events({}, { ...wholeLog, limit: count });
});

afterAll(() => testDatabase.dispose());

test('events are read as the types that they have become', () => {
  expect(all).toHaveLength(count);
  expect(new Set(all.map(({ type }) => type))).toEqual(new Set(types));
});

test('a page by types has the events that are read as these types, however they are stored', async () => {
  const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  const filters = fc.record({
    types: optional(fc.uniqueArray(fc.constantFrom(...types, 'Unheard'))),
    streamId: optional(fc.constantFrom('lift-0', 'lift-1')),
    actor: optional(fc.constantFrom('actor 0', 'actor 1')),
  });
  const pages = fc.record({
    after: fc.nat(count),
    before: fc.integer({ min: 1, max: count + 2 }),
    limit: fc.integer({ min: 1, max: count }),
    descending: fc.boolean(),
    lookedAtMax: fc.integer({ min: 1, max: 50 }),
  });
  const property = fc.asyncProperty(filters, pages, async (filter, page) => {
    const passes = createEventPredicate(filter);
    const within = all.filter(
      (event) => passes(event) && event.sequence > page.after && event.sequence < page.before,
    );
    const expected = (page.descending ? within.reverse() : within).slice(0, page.limit);
    expect(await log.events(filter, page)).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 300 });
});
