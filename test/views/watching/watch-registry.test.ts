import { expect, test } from 'vitest';
import type { Topic } from '../../../src/feed/event-topics.ts';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import { createWatchRegistry } from '../../../src/views/watching/watch-registry.ts';
import type { Watchable } from '../../../src/views/watching/watched-state.ts';
import { toEvent } from '../../support/folding.ts';
import { walletsView } from '../../support/wallets.ts';

/** A state that includes the topics that it depends on. */
interface Basket {
  readonly prices: readonly string[];
}

const byKey = (event: StoredEvent): readonly string[] => event.data['keys'] as string[];
const topic = (name: string): Topic => ({ of: byKey, name });

function basket(key: string): Watchable<Basket> {
  return {
    key,
    topics: (state) => [topic(key), ...(state?.prices ?? []).map(topic)],
    read: async () => ({ prices: [] }),
    isNews: () => true,
  };
}

const about = (...keys: readonly string[]) => toEvent({ keys, amount: 1 }, 0);

function create() {
  const failures: unknown[] = [];
  const registry = createWatchRegistry((error) => failures.push(error));
  function watch(key: string) {
    const { watched, follow } = registry.find(basket(key));
    return { ...watched.watch(), follow };
  }
  return { registry, failures, watch };
}

test('an event is passed to the states that it may change, and once to each', () => {
  const { registry, watch } = create();
  const [first, second] = [watch('a'), watch('b')];
  first.follow({ sequence: 1, state: { prices: ['p', 'q'] } });
  registry.notify(about('p', 'q', 'a'));
  expect([first.pending.length, second.pending.length]).toEqual([1, 0]);
  registry.notify(about('b'));
  expect([first.pending.length, second.pending.length]).toEqual([1, 1]);
  registry.notify(about('other'));
  expect([first.pending.length, second.pending.length]).toEqual([1, 1]);
});

test('all watchers of one key share an entry, which is removed with the last of them', () => {
  const { registry, watch } = create();
  const [first, second] = [watch('a'), watch('a')];
  expect(registry.size()).toBe(1);
  first.end();
  first.end();
  registry.notify(about('a'));
  expect([first.pending.length, second.pending.length]).toEqual([0, 1]);
  second.end();
  expect(registry.size()).toBe(0);
  registry.notify(about('a'));
  expect(second.pending).toHaveLength(1);
});

test('a state sets its topics, and follow returns whether some are new', () => {
  const { registry, watch } = create();
  const watcher = watch('a');
  expect(watcher.follow({ sequence: 1, state: { prices: ['p'] } })).toBe(true);
  expect(watcher.follow({ sequence: 2, state: { prices: ['p'] } })).toBe(false);
  expect(watcher.follow({ sequence: 3, state: { prices: ['q'] } })).toBe(true);
  registry.notify(about('p'));
  expect(watcher.pending).toHaveLength(0);
  registry.notify(about('q'));
  expect(watcher.pending).toHaveLength(1);
});

test('a reader that lags behind removes no topics of the others', () => {
  const { registry, watch } = create();
  const [ahead, behind] = [watch('a'), watch('a')];
  behind.follow({ sequence: 1, state: { prices: [] } });
  ahead.follow({ sequence: 5, state: { prices: ['p'] } });
  // Whether an event has passed that its state needs is checked by the state itself.
  expect(behind.follow({ sequence: 3, state: { prices: [] } })).toBe(true);
  behind.end();
  registry.notify(about('p'));
  expect(ahead.pending).toHaveLength(1);
});

test('a state whose topic throws is skipped, and the event is passed to the others', () => {
  const { registry, failures, watch } = create();
  const watcher = watch('a');
  const broken = registry.find<Basket>({
    ...basket('broken'),
    topics: () => [
      {
        of: () => {
          throw new Error('no such event');
        },
        name: 'broken',
      },
    ],
  });
  const unlucky = broken.watched.watch();
  registry.notify(about('a', 'broken'));
  expect(failures).toMatchObject([{ message: 'no such event' }]);
  expect([watcher.pending.length, unlucky.pending.length]).toEqual([1, 0]);
});

test('a reader with too many pending states keeps only the last ones', () => {
  const { registry, watch } = create();
  const watcher = watch('a');
  for (let sequence = 1; sequence <= 250; sequence += 1) {
    registry.notify({ ...about('a'), sequence });
  }
  expect(watcher.pending.length).toBeLessThanOrEqual(100);
  expect(watcher.pending.at(-1)?.sequence).toBe(250);
});

test('a state is read once for all callers, and again only if that failed', async () => {
  const { registry } = create();
  let reads = 0;
  const { watched } = registry.find<Basket>({
    ...basket('a'),
    async read() {
      reads += 1;
      if (reads === 1) throw new Error('the database is away');
      return { prices: [] };
    },
  });
  const [one, other] = [watched.watch(), watched.watch()];
  registry.notify(about('a'));
  await expect(one.pending[0]?.read()).rejects.toThrow('the database is away');
  const [first, second] = await Promise.all([one.pending[0]?.read(), other.pending[0]?.read()]);
  expect(first).toBe(second);
  expect(reads).toBe(2);
});

const list = { view: walletsView, list: 'BALANCE', partition: '' };
const at = (position: string) => ({ position, key: 'k' });

/** A state that is a page of a list. */
const page = (from: string | null, to: string | null): Watchable<null> => ({
  key: `${from} ${to}`,
  topics: () => [],
  ranges: () => [{ ...list, from: from && at(from), to: to && at(to) }] as never,
  read: async () => null,
  isNews: () => true,
});

test('a change of a list is passed to the states that have read its range', () => {
  const registry = createWatchRegistry(() => {});
  const entries = [page(null, '3'), page('3', '5'), page('6', null)].map((one) => {
    const entry = registry.find(one);
    const reader = entry.watched.watch();
    expect(entry.follow({ sequence: 1, state: null })).toBe(true);
    expect(entry.follow({ sequence: 2, state: null })).toBe(false);
    return reader;
  });
  const pending = () => entries.map((entry) => entry.pending.length);
  registry.notifyOfLists([{ ...list, at: at('2'), sequence: 3 }]);
  expect(pending()).toEqual([1, 0, 0]);
  registry.notifyOfLists([{ ...list, at: at('3'), sequence: 4 }]);
  expect(pending()).toEqual([2, 1, 0]);
  registry.notifyOfLists([
    { ...list, at: at('5.5'), sequence: 5 },
    { ...list, partition: 'other', at: at('7'), sequence: 5 },
  ]);
  expect(pending()).toEqual([2, 1, 0]);
  registry.notifyOfView(walletsView, 6);
  expect(pending()).toEqual([3, 2, 1]);
  for (const entry of entries) entry.end();
  expect(registry.listed()).toEqual([]);
});

test('a change that is found late does not replace a newer state', () => {
  const registry = createWatchRegistry(() => {});
  const entry = registry.find(page(null, null));
  const reader = entry.watched.watch();
  entry.follow({ sequence: 1, state: null });
  registry.notifyOfLists([
    { ...list, at: at('1'), sequence: 9 },
    { ...list, at: at('2'), sequence: 7 },
  ]);
  expect(reader.pending.map(({ sequence }) => sequence)).toEqual([9]);
});

test('the events since a sequence are known as far back as they are kept', () => {
  const registry = createWatchRegistry(() => {});
  expect(registry.eventsSince(5)).toEqual([]);
  for (let sequence = 1; sequence <= 5_000; sequence += 1) {
    registry.notify({ ...about('a'), sequence });
  }
  const since = (sequence: number) =>
    registry.eventsSince(sequence)?.map((event) => event.sequence);
  expect(since(4_998)).toEqual([4_999, 5_000]);
  expect(since(5_000)).toEqual([]);
  expect(since(4_100)).toHaveLength(900);
  expect(since(10)).toBeUndefined();
});
