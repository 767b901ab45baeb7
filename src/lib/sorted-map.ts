/**
 * A sorted map that is never changed in place: `set` and `remove` give a new one, which shares with
 * the old one all but the few nodes on the way to the key. Plain JSON, so that it is stored and read
 * back as it is. A B+ tree (Bayer and McCreight, 1972); every operation is O(log n).
 */
export type SortedMap<Key extends string | number, Value> = Leaf<Key, Value> | Branch<Key, Value>;

interface Leaf<Key, Value> {
  readonly keys: readonly Key[];
  readonly values: readonly Value[];
}

/** `keys[i]` is at most the least key of `children[i]`, and greater than all keys before it. */
interface Branch<Key extends string | number, Value> {
  readonly keys: readonly Key[];
  readonly children: readonly SortedMap<Key, Value>[];
}

/** Copying a node costs more the wider it is, finding a key the deeper the tree: 32 was fastest. */
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
  while ('children' in node) node = childAt(node, branchIndex(node.keys, key));
  const index = leafIndex(node.keys, key);
  return node.keys[index] === key ? node.values[index] : undefined;
}

/** The entry of the least key. */
export function first<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
): readonly [Key, Value] | undefined {
  let node = map;
  while ('children' in node) node = childAt(node, 0);
  const [key] = node.keys;
  return key === undefined ? undefined : [key, node.values[0] as Value];
}

/** Visits the values in the order of their keys, until `visit` gives false; whether it never did. */
export function visit<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  visitor: (value: Value, key: Key) => boolean,
): boolean {
  if ('children' in map) return map.children.every((child) => visit(child, visitor));
  return map.values.every((value, index) => visitor(value, map.keys[index] as Key));
}

export function set<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
  value: Value,
): SortedMap<Key, Value> {
  const node = put(map, key, value);
  if (node.keys.length <= widthMax) return node;
  const children = split(node);
  return { keys: children.map(leastKey), children };
}

export function remove<Key extends string | number, Value>(
  map: SortedMap<Key, Value>,
  key: Key,
): SortedMap<Key, Value> {
  const node = take(map, key);
  if (!('children' in node)) return node;
  return node.children.length === 1 ? childAt(node, 0) : node;
}

/** The node with the entry; may be one too wide. */
function put<Key extends string | number, Value>(
  node: SortedMap<Key, Value>,
  key: Key,
  value: Value,
): SortedMap<Key, Value> {
  if (!('children' in node)) {
    const index = leafIndex(node.keys, key);
    if (node.keys[index] === key)
      return { keys: node.keys, values: put1(node.values, index, value) };
    return { keys: insert(node.keys, index, key), values: insert(node.values, index, value) };
  }
  const index = branchIndex(node.keys, key);
  const child = put(childAt(node, index), key, value);
  const keys = key < (node.keys[index] as Key) ? put1(node.keys, index, key) : node.keys;
  if (child.keys.length <= widthMax) return { keys, children: put1(node.children, index, child) };
  const [left, right] = split(child);
  return {
    keys: insert(keys, index + 1, leastKey(right)),
    children: insert(put1(node.children, index, left), index + 1, right),
  };
}

/** The node without the entry; may be too narrow. The same node when there is no such entry. */
function take<Key extends string | number, Value>(
  node: SortedMap<Key, Value>,
  key: Key,
): SortedMap<Key, Value> {
  if (!('children' in node)) {
    const index = leafIndex(node.keys, key);
    if (node.keys[index] !== key) return node;
    return { keys: without(node.keys, index), values: without(node.values, index) };
  }
  const index = branchIndex(node.keys, key);
  const before = childAt(node, index);
  const child = take(before, key);
  if (child === before) return node;
  if (child.keys.length >= widthMin || node.children.length === 1) {
    return { keys: node.keys, children: put1(node.children, index, child) };
  }
  return join(node, index, child);
}

/** Puts a narrow child together with its neighbour, and splits the two where that is too wide. */
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
    if (!('children' in right)) throw new Error('neighbours are of one kind');
    return { keys, children: [...left.children, ...right.children] };
  }
  if ('children' in right) throw new Error('neighbours are of one kind');
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

/** Where the key stands in a leaf, or would. */
function leafIndex<Key extends string | number>(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as Key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child in which a key belongs: the last one that does not begin after it, else the first. */
function branchIndex<Key extends string | number>(keys: readonly Key[], key: Key): number {
  let low = 1;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as Key) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function insert<Item>(items: readonly Item[], index: number, item: Item): readonly Item[] {
  const copy = items.slice();
  copy.splice(index, 0, item);
  return copy;
}

function put1<Item>(items: readonly Item[], index: number, item: Item): readonly Item[] {
  const copy = items.slice();
  copy[index] = item;
  return copy;
}

function without<Item>(items: readonly Item[], index: number): readonly Item[] {
  const copy = items.slice();
  copy.splice(index, 1);
  return copy;
}
