import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFindFirst } from '../../src/lib/first-within.ts';
import { emptyMap, remove, set } from '../../src/lib/sorted-map.ts';

const change = fc.record({ key: fc.nat(400), measure: fc.nat(50), isRemoved: fc.boolean() });

test('the first value after a key within a bound is found after any changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
      const find = createFindFirst<{ readonly key: number; readonly measure: number }>(
        ({ measure }) => measure,
      );
      let map = emptyMap<number, { readonly key: number; readonly measure: number }>();
      const plain = new Map<number, number>();
      for (const { key, measure, isRemoved } of changes) {
        const [after, most] = [(key * 7) % 401, measure];
        if (isRemoved) plain.delete(key);
        else plain.set(key, measure);
        map = isRemoved ? remove(map, key) : set(map, key, { key, measure });
        const within = [...plain].filter(([each, value]) => each > after && value <= most);
        const keys = within.map(([each]) => each).sort((a, b) => a - b);
        expect(find(map, after, most)?.key).toBe(keys[0]);
      }
    }),
    { numRuns: 30 },
  );
});
