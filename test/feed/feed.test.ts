import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFeed, type Feed, type FeedOptions } from '../../src/feed/feed.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { batchOf, run } from '../support/batches.ts';
import { createFaultyWire } from '../support/faulty-wire.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog, withDatabase } from '../support/processing.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let log: Log;
const feeds: Feed[] = [];
/** The ids of the events in the log, by sequence. */
let ids: string[] = [];
const never = new AbortController().signal;
const anHourMs = 3_600_000;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
  ids = [];
});

afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.stop();
  await testDatabase.dispose();
});

async function start(options: Partial<FeedOptions> = {}): Promise<Feed> {
  const feed = createFeed({ log, logger: silentLogger, pollIntervalMs: anHourMs, ...options });
  feeds.push(feed);
  await feed.start();
  return feed;
}

/** Appends, and returns the events as the processor would offer them. */
async function append(count: number): Promise<readonly StoredEvent[]> {
  const events = run(`notes-${newUuid()}`, 0, count);
  const { firstSequence } = await log.append(batchOf(events));
  for (const [index, { id }] of events.entries()) ids[firstSequence - 1 + index] = id;
  return log.events({}, { ...wholeLog, after: firstSequence - 1, before: firstSequence + count });
}

/** Offers events as the processor does: with the event before them in the log. */
function offer(feed: Feed, events: readonly StoredEvent[]): void {
  const [first] = events;
  if (first !== undefined) feed.offer(events, ids[first.sequence - 2] ?? null);
}

/** Reads up to a sequence, and returns the events in the order in which they were read. */
async function readTo(feed: Feed, after: number, last: number, limit = 7): Promise<number[]> {
  const met: number[] = [];
  if (after >= last) return met;
  for await (const events of feed.follow(after, limit, never)) {
    expect(events.length).toBeLessThanOrEqual(limit);
    met.push(...events.map(({ sequence }) => sequence));
    if ((met.at(-1) ?? 0) >= last) break;
  }
  return met;
}

function range(after: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - after) }, (_, index) => after + 1 + index);
}

test('a feed starts at the head, and readers before it catch up from the log', async () => {
  await append(30);
  const feed = await start();
  expect(feed.tail()).toBe(30);
  for (const after of [0, 1, 13, 29]) {
    expect(await readTo(feed, after, 30)).toEqual(range(after, 30));
  }
});

test('catching up and following live have no seam, from any position and for all readers', async () => {
  await append(25);
  const feed = await start({ recentMax: 10, pollIntervalMs: 5 });
  const last = 25 + 40 * 3;
  const reading = [0, 5, 20, 24, 25, 26, 60, last].map(async (after, index) => {
    const met = await readTo(feed, after, last, 1 + index * 3);
    return [after, met] as const;
  });
  for (let round = 0; round < 40; round += 1) {
    const events = await append(3);
    if (round % 3 === 0) offer(feed, events);
    else if (round % 3 === 1) feed.wake();
  }
  for (const [after, met] of await Promise.all(reading)) expect(met).toEqual(range(after, last));
});

test('a reader behind the events in memory reads everything from the log', async () => {
  const feed = await start({ recentMax: 4 });
  for (let round = 0; round < 10; round += 1) offer(feed, await append(2));
  expect(feed.tail()).toBe(20);
  for (let after = 0; after <= 20; after += 1) {
    expect(await readTo(feed, after, 20, 3)).toEqual(range(after, 20));
  }
});

test('a page contains the events as the log has them', async () => {
  const feed = await start();
  const events = await append(5);
  offer(feed, events);
  expect(await feed.next(0, 3, never)).toEqual(events.slice(0, 3));
  expect(await feed.next(3, 3, never)).toEqual(events.slice(3));
});

test('events that another process appends are read at the next poll', async () => {
  const feed = await start({ pollIntervalMs: 10 });
  const reading = readTo(feed, 0, 6);
  await withDatabase(testDatabase.url, async (database) => {
    const theirs = createLog(database, new Map());
    await theirs.append(batchOf(run('a-1', 0, 4)));
    await theirs.append(batchOf(run('a-1', 4, 2)));
  });
  expect(await reading).toEqual(range(0, 6));
});

test('one read finds more than a page of new events', async () => {
  const feed = await start();
  await append(2_300);
  feed.wake();
  await until(() => feed.tail() === 2_300);
  expect(await readTo(feed, 0, 2_300, 500)).toEqual(range(0, 2_300));
});

test('events offered out of order, twice, or after those of others are read in order, once', async () => {
  const orders = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(orders, async (steps) => {
    const feed = await start({ recentMax: 5 });
    const after = feed.tail();
    const reading = new AbortController();
    const met: number[] = [];
    const read = (async () => {
      for await (const events of feed.follow(after, 4, reading.signal)) {
        met.push(...events.map(({ sequence }) => sequence));
      }
    })();
    let held: (readonly StoredEvent[])[] = [];
    for (const [kept, isForeign] of steps) {
      const events = await append(1 + kept);
      if (!isForeign) held.push(events);
      if (held.length > kept) {
        for (const offered of [...held].reverse()) offer(feed, offered);
        held = held.slice(0, 1);
      }
    }
    const { sequence } = await log.head();
    feed.wake();
    await until(() => met.at(-1) === sequence);
    expect(met).toEqual(range(after, sequence));
    reading.abort();
    await read;
    await feed.stop();
  });
  await fc.assert(property, { numRuns: 25 });
});

test('a wake while the log is being read is not lost', async () => {
  const feed = await start();
  for (let round = 1; round <= 150; round += 1) {
    feed.wake();
    await append(1);
    feed.wake();
    // Waits in turns of the event loop: after a lost wake only the next poll would read it.
    await until(() => feed.tail() === round, 2_000);
  }
});

test('a reader whose signal fires ends without events', async () => {
  const feed = await start();
  const over = new AbortController();
  const waiting = feed.next(0, 10, over.signal);
  const following = readAll(feed, over.signal);
  over.abort();
  expect(await waiting).toEqual([]);
  expect(await following).toEqual([]);
  expect(await feed.next(0, 10, over.signal)).toEqual([]);
});

test('stop wakes readers, ends them, and can be called again', async () => {
  const feed = await start();
  const following = [0, 1, 2].map(() => readAll(feed, never));
  await Promise.all([feed.stop(), feed.stop()]);
  expect(await Promise.all(following)).toEqual([[], [], []]);
  feed.wake();
  offer(feed, await append(1));
  expect(await feed.next(0, 10, never)).toEqual([]);
});

test('a reader waits while the log cannot be reached', async () => {
  const events = await append(20);
  const wire = await createFaultyWire(testDatabase.url);
  await withDatabase(wire.url, async (database) => {
    const options = { log: createLog(database, new Map()), pollIntervalMs: 10 };
    const feed = await start(options);
    wire.failAt('events', 'answer lost');
    expect(await feed.next(0, 100, never)).toEqual(events);
    wire.failAt('events', 'answer lost');
    const more = await append(3);
    expect(await feed.next(20, 100, never)).toEqual(more);
    await until(() => wire.faultCount() === 2);
    await feed.stop();
  });
  await wire.stop();
});

async function readAll(feed: Feed, signal: AbortSignal): Promise<readonly StoredEvent[]> {
  const met: StoredEvent[] = [];
  for await (const events of feed.follow(feed.tail(), 10, signal)) met.push(...events);
  return met;
}
