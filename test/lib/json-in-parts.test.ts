import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toJsonInParts } from '../../src/lib/json-in-parts.ts';
import { emptyMap, type SortedMap, set } from '../../src/lib/sorted-map.ts';

test('a value is written as JSON.stringify writes it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await toJsonInParts(value)).toBe(JSON.stringify(value));
    }),
  );
});

test('a large map of maps is written unchanged, with turns of the event loop in between', async () => {
  let map: SortedMap<number, SortedMap<number, object>> = emptyMap();
  for (let key = 0; key < 20_000; key += 1) {
    map = set(map, key, set(emptyMap<number, object>(), key, { key, text: 'x'.repeat(99) }));
  }
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const text = await toJsonInParts({ map, name: 'a map' });
  clearInterval(timer);
  expect(text === JSON.stringify({ map, name: 'a map' })).toBe(true);
  expect(turns).toBeGreaterThan(0);
});
