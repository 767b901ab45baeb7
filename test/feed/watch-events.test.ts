import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createFeed, type Feed } from '../../src/feed/feed.ts';
import { type EventFrame, watchEvents } from '../../src/feed/watch-events.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import type { EventFilter } from '../../src/log/read.ts';
import { silentLogger } from '../support/silent-logger.ts';

afterEach(() => {
  vi.useRealTimers();
});

function eventAt(sequence: number, streamId: string, type = 'Noted'): StoredEvent {
  return { sequence, id: String(sequence), streamId, type, data: {} } as StoredEvent;
}

/** A feed of events that this process appends, after an empty log. */
async function createOwnFeed() {
  const log = {
    head: async () => ({ sequence: 0, lastEventId: null, epoch: 1 }),
    epoch: () => 1,
    // What is no longer in memory, or not yet offered, is not read in these tests.
    events: async () => [],
  };
  const feed = createFeed({
    log: log as never,
    logger: silentLogger,
    pollIntervalMs: 3_600_000,
  });
  await feed.start();
  const added: StoredEvent[] = [];
  return {
    feed,
    added,
    add(...streams: readonly string[]) {
      const previous = added.at(-1)?.id ?? null;
      const events = streams.map((each, index) => eventAt(added.length + index + 1, each));
      added.push(...events);
      feed.offer(events, previous);
    },
  };
}

/** Collects the frames of a reader until it is stopped. */
function read(feed: Feed, filter: EventFilter, after = 0) {
  const stop = new AbortController();
  const frames: EventFrame[] = [];
  const reading = (async () => {
    const options = { log: {} as never, feed, filter, after, signal: stop.signal };
    for await (const frame of watchEvents(options)) frames.push(frame);
  })();
  return {
    frames,
    events: () => frames.flatMap(({ event }) => event ?? []),
    /** Resolves when the reader has ended by itself. */
    ended: reading,
    async stop() {
      stop.abort();
      await reading;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('readers get every event that passes their filters, however appends and turns mix', async () => {
  const streams = ['a', 'b', 'c'] as const;
  const step = fc.oneof(
    fc.array(fc.constantFrom(...streams), { minLength: 1, maxLength: 4 }),
    fc.constant('turn' as const),
    fc.constant('reader' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { feed, added, add } = await createOwnFeed();
      const filters: readonly EventFilter[] = [
        ...streams.map((streamId) => ({ streamId })),
        { types: ['Noted'] },
        {},
      ];
      const readers = filters.map((filter) => ({ filter, ...read(feed, filter), from: 0 }));
      for (const each of steps) {
        if (each === 'turn') await turn();
        else if (each === 'reader') {
          const filter = { streamId: 'b' };
          readers.push({ filter, ...read(feed, filter, added.length), from: added.length });
        } else add(...each);
      }
      await turn();
      for (const { filter, from, events, stop } of readers) {
        const { streamId } = filter;
        const wanted = added
          .slice(from)
          .filter((event) => event.streamId === (streamId ?? event.streamId));
        expect(events()).toEqual(wanted);
        await stop();
      }
      await feed.stop();
    }),
  );
});

test('an event is not missed if it is appended in the turn in which a wait ends', async () => {
  const { feed, add } = await createOwnFeed();
  const over = new AbortController();
  const never = new AbortController().signal;
  const topics = [{ of: ({ streamId }: StoredEvent) => [streamId], name: 'a' }];
  const passing = feed.passOver(0, topics, over.signal);
  over.abort();
  add('a');
  expect(await passing).toBe(0);
  expect(await feed.passOver(0, topics, never)).toBe(0);
  await feed.stop();
});

test('events that do not pass a filter do not wake its reader', async () => {
  const { feed, add } = await createOwnFeed();
  const next = vi.spyOn(feed, 'next');
  const passOver = vi.spyOn(feed, 'passOver');
  const quiet = read(feed, { streamId: 'quiet' });
  await turn();
  for (let count = 0; count < 100; count += 1) {
    add('busy');
    await turn();
  }
  expect(passOver).toHaveBeenCalledTimes(1);
  expect(next).toHaveBeenCalledTimes(0);
  add('busy', 'quiet');
  await turn();
  expect(quiet.frames).toEqual([
    { sequence: 0, event: null },
    { sequence: 102, event: expect.objectContaining({ streamId: 'quiet' }) },
  ]);
  await quiet.stop();
  await feed.stop();
});

test('a quiet reader gets a frame with its progress every ten seconds, and none without', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { feed, add } = await createOwnFeed();
  const passOver = vi.spyOn(feed, 'passOver');
  const quiet = read(feed, { streamId: 'quiet' });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(quiet.frames).toEqual([{ sequence: 0, event: null }]);
  expect(passOver.mock.calls.length).toBeLessThanOrEqual(4);
  add('busy', 'busy');
  await vi.advanceTimersByTimeAsync(10_000);
  add('busy');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(quiet.frames.slice(1)).toEqual([
    { sequence: 2, event: null },
    { sequence: 3, event: null },
  ]);
  await quiet.stop();
  await feed.stop();
});

test('progress is reported even while events of the same stream do not pass the filter', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { feed, add } = await createOwnFeed();
  const quiet = read(feed, { streamId: 'a', types: ['Other'] });
  for (let second = 0; second < 21; second += 1) {
    add('a');
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(quiet.frames).toHaveLength(3);
  expect(quiet.events()).toEqual([]);
  await quiet.stop();
  await feed.stop();
});

test('a reader that catches up reports at once that it has done so', async () => {
  const { feed, add } = await createOwnFeed();
  add('busy', 'busy', 'busy');
  const quiet = read(feed, { streamId: 'quiet' });
  await turn();
  expect(quiet.frames).toEqual([
    { sequence: 0, event: null },
    { sequence: 3, event: null },
  ]);
  await quiet.stop();
  await feed.stop();
});

test('the end of the feed ends a reader that waits for its events', async () => {
  const { feed } = await createOwnFeed();
  const quiet = read(feed, { streamId: 'quiet' });
  await turn();
  await feed.stop();
  await quiet.ended;
  expect(quiet.frames).toEqual([{ sequence: 0, event: null }]);
});

test('a timer that fires early, as under load, ends no reader', async () => {
  // The clock that says when progress is due does not move.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { feed, add } = await createOwnFeed();
  const quiet = read(feed, { streamId: 'quiet' });
  for (let round = 0; round < 5; round += 1) {
    add('busy');
    await vi.advanceTimersByTimeAsync(10_000);
  }
  add('quiet');
  await vi.advanceTimersByTimeAsync(0);
  expect(quiet.events()).toEqual([expect.objectContaining({ streamId: 'quiet' })]);
  await quiet.stop();
  await feed.stop();
});
