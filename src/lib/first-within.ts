import type { SortedMap } from './sorted-map.ts';

/**
 * Finds the first value after a key whose measure is at most `most`; undefined if there is none.
 */
type FindFirst<Value> = (
  map: SortedMap<number, Value>,
  after: number,
  most: number,
) => Value | undefined;

/**
 * Creates a search by key among the values whose measure is within a bound. The least measure below
 * each node is cached outside the map for the lifetime of the node. Maps share their nodes, so
 * after a change only the few new nodes are visited: the first search takes O(n), later ones O(log
 * n).
 */
export function createFindFirst<Value>(measure: (value: Value) => number): FindFirst<Value> {
  type Node = SortedMap<number, Value>;
  const known = new WeakMap<Node, number>();

  function leastOf(node: Node): number {
    const before = known.get(node);
    if (before !== undefined) return before;
    let least = Number.POSITIVE_INFINITY;
    if ('children' in node) {
      for (const child of node.children) least = Math.min(least, leastOf(child));
    } else {
      for (const value of node.values) least = Math.min(least, measure(value));
    }
    known.set(node, least);
    return least;
  }

  function find(node: Node, after: number, most: number): Value | undefined {
    if (leastOf(node) > most) return undefined;
    const { keys } = node;
    if ('children' in node) {
      for (const [index, child] of node.children.entries()) {
        const next = keys[index + 1];
        // All keys of this child are less than the next key: skip it if they are not after `after`.
        if (next !== undefined && next <= after) continue;
        const found = find(child, after, most);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    for (const [index, value] of node.values.entries()) {
      if ((keys[index] as number) > after && measure(value) <= most) return value;
    }
    return undefined;
  }

  return find;
}
