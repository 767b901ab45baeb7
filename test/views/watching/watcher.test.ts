import { expect, test } from 'vitest';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import type { Watchable } from '../../../src/views/watching/watched-state.ts';
import { createWatcher } from '../../../src/views/watching/watcher.ts';
import { toEvent } from '../../support/folding.ts';
import { silentLogger } from '../../support/silent-logger.ts';

test('an event that passes while a state is read for the first time is not missed', async () => {
  let head = 1;
  let pass = (_event: StoredEvent): void => {};
  const passed = new Promise<StoredEvent>((resolve) => {
    pass = resolve;
  });
  const feed = {
    tail: () => head,
    history: () => 0,
    async *follow() {
      yield [await passed];
      await new Promise(() => {});
    },
  };
  const views = { checkpoint: () => head, waitFor: async () => true, versions: async () => [] };
  const watcher = createWatcher({ feed, views, logger: silentLogger } as never);
  const of = () => ['all'];
  const states: number[] = [];
  const watchable: Watchable<number> = {
    key: 'state',
    // The state depends on nothing that is known before it has been read.
    topics: (state) => (state === null ? [] : [{ of, name: 'all' }]),
    async read(sequence) {
      if (sequence === 1) {
        head = 2;
        pass({ ...toEvent({ keys: [], amount: 1 }, 0), sequence: 2 });
        await new Promise((resolve) => setTimeout(resolve, 50));
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
