import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyMap,
  first,
  get,
  isEmpty,
  remove,
  type SortedMap,
  set,
  update,
  visit,
} from '../../src/lib/sorted-map.ts';

type Key = string | number;
type Step<K extends Key> = readonly ['set', K, number] | readonly ['remove', K];

/** Few enough to occur again, and enough for three levels of nodes. */
const numbers = fc.integer({ min: -600, max: 600 });
const texts = numbers.map((number) => `order-${number}`);

/** The map grows, then shrinks: nodes are split, and joined again. */
function stepsOf<K extends Key>(keys: fc.Arbitrary<K>): fc.Arbitrary<readonly Step<K>[]> {
  const setting = fc.tuple(fc.constant('set' as const), keys, fc.nat());
  const removing = fc.tuple(fc.constant('remove' as const), keys);
  const phase = (sets: number): fc.Arbitrary<readonly Step<K>[]> =>
    fc.array(
      fc.oneof({ weight: sets, arbitrary: setting }, { weight: 10 - sets, arbitrary: removing }),
      { size: 'max', maxLength: 1_500 },
    );
  return fc.tuple(phase(8), phase(1), phase(6), phase(2)).map((phases) => phases.flat());
}

function carryOut<K extends Key>(map: SortedMap<K, number>, step: Step<K>): SortedMap<K, number> {
  return step[0] === 'set' ? set(map, step[1], step[2]) : remove(map, step[1]);
}

function carryOutAll<K extends Key>(map: SortedMap<K, number>, steps: readonly Step<K>[]) {
  return steps.reduce(carryOut<K>, map);
}

function entriesOf<K extends Key>(map: SortedMap<K, number>): readonly (readonly [K, number])[] {
  const entries: (readonly [K, number])[] = [];
  visit(map, (value, key) => {
    entries.push([key, value]);
    return true;
  });
  return entries;
}

function sorted<K extends Key>(plain: ReadonlyMap<K, number>): readonly (readonly [K, number])[] {
  return [...plain].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The nodes from the root to a leaf; throws if that differs between leaves. */
function heightOf(map: SortedMap<Key, unknown>): number {
  if (!('children' in map)) return 1;
  const heights = new Set(map.children.map(heightOf));
  expect(heights.size).toBe(1);
  return 1 + Math.max(...heights);
}

/** Each node but the root has at least 8 entries. */
function heightMax(size: number): number {
  return 1 + Math.max(0, Math.floor(Math.log(Math.max(1, size / 2)) / Math.log(8)));
}

function assertLikePlain<K extends Key>(steps: readonly Step<K>[]): void {
  const plain = new Map<K, number>();
  let map: SortedMap<K, number> = emptyMap();
  for (const step of steps) {
    map = carryOut(map, step);
    if (step[0] === 'set') plain.set(step[1], step[2]);
    else plain.delete(step[1]);
    expect(get(map, step[1])).toBe(plain.get(step[1]));
    expect(map.keys.length).toBeLessThanOrEqual(32);
  }
  const entries = sorted(plain);
  expect(entriesOf(map)).toEqual(entries);
  expect(first(map)).toBe(entries[0]?.[1]);
  expect(isEmpty(map)).toBe(plain.size === 0);
  for (const [, key] of steps) expect(get(map, key)).toBe(plain.get(key));
  expect(heightOf(map)).toBeLessThanOrEqual(heightMax(plain.size));
}

describe('a sorted map', () => {
  test('with numbers as keys has the entries of a plain map, in order', () => {
    fc.assert(fc.property(stepsOf(numbers), assertLikePlain), { numRuns: 25, endOnFailure: true });
  });

  test('with texts as keys has the entries of a plain map, in order', () => {
    fc.assert(fc.property(stepsOf(texts), assertLikePlain), { numRuns: 25, endOnFailure: true });
  });

  test('is never changed: earlier maps stay as they were', () => {
    fc.assert(
      fc.property(stepsOf(numbers), (steps) => {
        const maps: SortedMap<number, number>[] = [emptyMap()];
        const written = ['{"keys":[],"values":[]}'];
        for (const step of steps.slice(0, 1_500)) {
          const before: SortedMap<number, number> = maps.at(-1) ?? emptyMap();
          const map = carryOut(before, step);
          maps.push(map);
          written.push(JSON.stringify(map));
        }
        expect(maps.map((map) => JSON.stringify(map))).toEqual(written);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test('continues from JSON as if it had never been written', () => {
    fc.assert(
      fc.property(stepsOf(numbers), stepsOf(numbers), (before, after) => {
        const map = carryOutAll(emptyMap<number, number>(), before);
        const read = JSON.parse(JSON.stringify(map)) as typeof map;
        expect(read).toEqual(map);
        expect(carryOutAll(read, after)).toEqual(carryOutAll(map, after));
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test.each([1, -1])(
    'stays low when 20,000 keys are added in order (%i) and removed',
    (direction) => {
      let map: SortedMap<number, number> = emptyMap();
      for (let key = 0; key < 20_000; key += 1) map = set(map, key * direction, key);
      expect(heightOf(map)).toBeLessThanOrEqual(heightMax(20_000));
      for (let key = 0; key < 19_990; key += 1) map = remove(map, key * direction);
      expect(heightOf(map)).toBe(1);
      expect(entriesOf(map).length).toBe(10);
      for (let key = 19_990; key < 20_000; key += 1) map = remove(map, key * direction);
      expect(map).toEqual(emptyMap());
    },
  );

  test('shares all nodes with the previous one, except the path to the key', () => {
    let map: SortedMap<number, number> = emptyMap();
    for (let key = 0; key < 5_000; key += 1) map = set(map, key, key);
    const known = new Set(nodesOf(map));
    const added = nodesOf(set(map, 2_500, -1)).filter((node) => !known.has(node));
    expect(added.length).toBe(heightOf(map));
  });
});

test('removing an absent key, or setting the same value, returns the same map', () => {
  const map = set(set(emptyMap<string, string>(), 'a', 'one'), 'b', 'two');
  expect(remove(map, 'c')).toBe(map);
  expect(set(map, 'a', 'one')).toBe(map);
});

test('an update gets the previous value, and sets, changes or removes it', () => {
  const map = set(emptyMap<string, number>(), 'a', 1);
  const added = update(map, 'b', (value) => (value === undefined ? 2 : -1));
  expect(get(added, 'b')).toBe(2);
  expect(
    get(
      update(added, 'a', (value = 0) => value + 10),
      'a',
    ),
  ).toBe(11);
  expect(
    get(
      update(added, 'a', () => undefined),
      'a',
    ),
  ).toBeUndefined();
});

test('a visit ends when the visitor returns false', () => {
  let map: SortedMap<number, number> = emptyMap();
  for (let key = 0; key < 100; key += 1) map = set(map, key, key);
  const seen: number[] = [];
  const isWhole = visit(map, (_, key) => seen.push(key) < 40);
  expect(isWhole).toBe(false);
  expect(seen).toEqual(Array.from({ length: 40 }, (_, key) => key));
  expect(visit(map, () => true)).toBe(true);
});

function nodesOf(map: SortedMap<Key, unknown>): readonly unknown[] {
  return 'children' in map ? [map, ...map.children.flatMap(nodesOf)] : [map];
}
