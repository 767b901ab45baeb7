import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import type { Watchable } from '../../../src/views/watching/watched-state.ts';
import { createWatcher } from '../../../src/views/watching/watcher.ts';
import { toEvent } from '../../support/folding.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** A log that grows by hand, and a watcher on it. */
function createGrowingLog() {
  let head = 1;
  let wake = (): void => {};
  const passed: StoredEvent[] = [];
  const feed = {
    tail: () => head,
    history: () => 0,
    async *follow() {
      for (;;) {
        const events = passed.splice(0);
        if (events.length > 0) yield events;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
  const views = { checkpoint: () => head, waitFor: async () => true, versions: async () => [] };
  return {
    watcher: createWatcher({ feed, views, logger: silentLogger } as never),
    head: () => head,
    pass(...keys: readonly string[]) {
      head += 1;
      passed.push({ ...toEvent({ keys, amount: 1 }, 0), sequence: head });
      wake();
    },
  };
}

const of = ({ data }: StoredEvent) => data['keys'] as string[];

test('an event that passes while a state is read for the first time is not missed', async () => {
  const { watcher, pass } = createGrowingLog();
  const states: number[] = [];
  const watchable: Watchable<number> = {
    key: 'state',
    // The state depends on nothing that is known before it has been read.
    topics: (state) => (state === null ? [] : [{ of, name: 'all' }]),
    async read(sequence) {
      if (sequence === 1) {
        pass('all');
        await delay(50);
      }
      return sequence;
    },
    isNews: () => true,
  };
  watcher.start();
  for await (const { sequence } of watcher.watch(watchable, AbortSignal.timeout(3_000))) {
    states.push(sequence);
    if (states.length === 2) break;
  }
  expect(states).toEqual([1, 2]);
});

test('a reader in its pause gets the event that only a later state of another reader follows', async () => {
  const { watcher, pass, head } = createGrowingLog();
  const watchable: Watchable<number> = {
    key: 'state',
    // From the second event on, the state depends on another thing, too.
    topics: (state) => [{ of, name: 'a' }, ...((state ?? 0) >= 2 ? [{ of, name: 'b' }] : [])],
    read: async (sequence) => sequence,
    isNews: (before, after) => after > before,
    pauseMs: 100,
  };
  watcher.start();
  const over = AbortSignal.timeout(3_000);
  const first = watcher.watch(watchable, over);
  expect((await first.next()).value).toMatchObject({ state: 1 });
  // The reader is in its pause from now on.
  const next = first.next();
  await delay(10);
  pass('a');
  await delay(10);
  pass('b');
  await delay(10);
  const second = watcher.watch(watchable, over);
  expect((await second.next()).value).toMatchObject({ state: head() });
  expect((await next).value).toMatchObject({ state: 2 });
  expect((await first.next()).value).toMatchObject({ state: 3 });
  await Promise.all([first.return(), second.return()]);
});
