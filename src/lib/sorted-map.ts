/**
 * A sorted map that is never changed in place: `set` and `remove` return a new map, which shares
 * all nodes with the old one except the few on the path to the key. It is plain JSON, so it can be
 * stored and read back as it is. A B+ tree (Bayer and McCreight, 1972); `get` and changes are O(log
 * n).
 */
export type SortedMap<Key extends string | number, Value> = Leaf<Key, Value> | Branch<Key, Value>;

interface Leaf<Key, Value> {
  readonly keys: readonly Key[];
  readonly values: readonly Value[];
}

/**
 * `keys[i]` is at most the least key of `children[i]`, and greater than all keys before that child.
 */
interface Branch<Key extends string | number, Value> {
  readonly keys: readonly Key[];
  readonly children: readonly SortedMap<Key, Value>[];
}

/** A wider node costs more to copy, a deeper tree costs more to search: 32 was the fastest. */
const widthMax = 32;
const widthMin = 8;

const empty: Leaf<never, never> = { keys: [], values: [] };

export function emptyMap<Key extends string | number, Value>(): SortedMap<Key, Value> {
  return empty;
}

export function isEmpty(map: SortedMap<never, unknown> | SortedMap<string | number, unknown>) {
  return map.keys.length === 0;
}

export function get<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
): Value | undefined {
  let node = map;
  while ('children' in node) node = childAt(node, childIndex(node.keys, key));
  const index = indexOf(node.keys, key);
  return node.keys[index] === key ? node.values[index] : undefined;
}

/** The value of the least key; undefined if the map is empty. */
export function first<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
): Value | undefined {
  let node = map;
  while ('children' in node) node = childAt(node, 0);
  return node.values[0];
}

/**
 * Visits values in the order of keys until `visitor` returns false. Returns true if it never does.
 */
export function visit<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  visitor: (value: Value, key: Key) => boolean,
): boolean {
  if ('children' in map) {
    for (const child of map.children) if (!visit(child, visitor)) return false;
    return true;
  }
  for (let index = 0; index < map.keys.length; index += 1) {
    if (!visitor(map.values[index] as Value, map.keys[index] as Key)) return false;
  }
  return true;
}

export function set<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
  value: Value,
): SortedMap<Key, Value> {
  return update(map, key, () => value);
}

/** The map without a key; the same map if there is no such key. */
export function remove<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
): SortedMap<Key, Value> {
  return update(map, key, () => undefined);
}

/**
 * Replaces the value of a key by the result of `change`, in one search. Undefined means no value,
 * both before and after.
 */
export function update<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
  change: (value: Value | undefined) => Value | undefined,
): SortedMap<Key, Value> {
  const node = changed(map, key, change);
  if (node.keys.length > widthMax) {
    const children = split(node);
    return { keys: children.map(leastKey), children };
  }
  return 'children' in node && node.children.length === 1 ? childAt(node, 0) : node;
}

type Change<Value> = (value: Value | undefined) => Value | undefined;

/** The node with a changed entry; it may be too wide or too narrow by one. */
function changed<Key extends string | number, Value>(
  node: SortedMap<Key, Value>,
  key: Key,
  change: Change<Value>,
): SortedMap<Key, Value> {
  if (!('children' in node)) return changedLeaf(node, key, change);
  const index = childIndex(node.keys, key);
  const before = childAt(node, index);
  const child = changed(before, key, change);
  if (child === before) return node;
  const width = child.keys.length;
  if (width > widthMax) return splitChild(node, index, child);
  const isNarrow = width < widthMin && width < before.keys.length && node.children.length > 1;
  if (isNarrow) return join(node, index, child);
  const keys = key < (node.keys[index] as Key) ? node.keys.with(index, key) : node.keys;
  return { keys, children: node.children.with(index, child) };
}

function changedLeaf<Key extends string | number, Value>(
  leaf: Leaf<Key, Value>,
  key: Key,
  change: Change<Value>,
): Leaf<Key, Value> {
  const { keys, values } = leaf;
  const index = indexOf(keys, key);
  const isKnown = keys[index] === key;
  const before = isKnown ? values[index] : undefined;
  const value = change(before);
  if (value === before) return leaf;
  if (value === undefined) {
    return { keys: keys.toSpliced(index, 1), values: values.toSpliced(index, 1) };
  }
  if (isKnown) return { keys, values: values.with(index, value) };
  return { keys: keys.toSpliced(index, 0, key), values: values.toSpliced(index, 0, value) };
}

function splitChild<Key extends string | number, Value>(
  node: Branch<Key, Value>,
  index: number,
  child: SortedMap<Key, Value>,
): Branch<Key, Value> {
  const parts = split(child);
  const keys = node.keys.toSpliced(index, 1, ...parts.map(leastKey));
  return { keys, children: node.children.toSpliced(index, 1, ...parts) };
}

/** Joins a narrow child with its neighbor, and splits the result if it is too wide. */
function join<Key extends string | number, Value>(
  node: Branch<Key, Value>,
  index: number,
  child: SortedMap<Key, Value>,
): Branch<Key, Value> {
  const at = index === 0 ? 0 : index - 1;
  const [left, right] = index === 0 ? [child, childAt(node, 1)] : [childAt(node, at), child];
  const both = concat(left, right);
  const merged = both.keys.length <= widthMax ? [both] : split(both);
  const lowest = node.keys[at] as Key;
  const keys = merged.map((part, number) => (number === 0 ? lowest : leastKey(part)));
  return {
    keys: [...node.keys.slice(0, at), ...keys, ...node.keys.slice(at + 2)],
    children: [...node.children.slice(0, at), ...merged, ...node.children.slice(at + 2)],
  };
}

function concat<Key extends string | number, Value>(
  left: SortedMap<Key, Value>,
  right: SortedMap<Key, Value>,
): SortedMap<Key, Value> {
  const keys = [...left.keys, ...right.keys];
  if ('children' in left) {
    if (!('children' in right)) throw new Error('a branch has a leaf as its neighbor');
    return { keys, children: [...left.children, ...right.children] };
  }
  if ('children' in right) throw new Error('a leaf has a branch as its neighbor');
  return { keys, values: [...left.values, ...right.values] };
}

function split<Key extends string | number, Value>(
  node: SortedMap<Key, Value>,
): [SortedMap<Key, Value>, SortedMap<Key, Value>] {
  const middle = node.keys.length >> 1;
  const [keys, others] = [node.keys.slice(0, middle), node.keys.slice(middle)];
  if ('children' in node) {
    return [
      { keys, children: node.children.slice(0, middle) },
      { keys: others, children: node.children.slice(middle) },
    ];
  }
  return [
    { keys, values: node.values.slice(0, middle) },
    { keys: others, values: node.values.slice(middle) },
  ];
}

function leastKey<Key extends string | number>(node: SortedMap<Key, unknown>): Key {
  return node.keys[0] as Key;
}

function childAt<Key extends string | number, Value>(
  node: Branch<Key, Value>,
  index: number,
): SortedMap<Key, Value> {
  return node.children[index] as SortedMap<Key, Value>;
}

/**
 * The index of the child to which a key belongs: the last child that does not begin after the key,
 * else the first.
 */
function childIndex<Key extends string | number>(keys: readonly Key[], key: Key): number {
  const index = indexOf(keys, key);
  return index === 0 || keys[index] === key ? index : index - 1;
}

/** The index of the key, or the index at which it would be inserted. */
function indexOf<Key extends string | number>(keys: readonly Key[], key: Key): number {
  // One loop for both types of keys took three times as long: V8 cannot specialize it for either.
  return typeof key === 'string'
    ? indexOfText(keys as readonly string[], key)
    : indexOfNumber(keys as readonly number[], key);
}

function indexOfText(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexOfNumber(keys: readonly number[], key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
