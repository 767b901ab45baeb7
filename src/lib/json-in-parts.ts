import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long to write before the event loop gets a turn. */
const turnMs = 4;

/**
 * Writes a value as `JSON.stringify` does, but gives the event loop turns in between, because a
 * state with large sorted maps takes a long time to write. The value must be plain JSON and must
 * not change until the promise resolves.
 */
export async function toJsonInParts(value: unknown): Promise<string> {
  let since = performance.now();

  async function write(part: unknown, isTop: boolean): Promise<string> {
    if (!isObject(part) || !(isTop || isLarge(part))) return JSON.stringify(part);
    if (performance.now() - since > turnMs) {
      await nextTurn();
      since = performance.now();
    }
    const texts: string[] = [];
    if (Array.isArray(part)) {
      for (const item of part) texts.push(await write(item, false));
      return `[${texts.join(',')}]`;
    }
    for (const [key, item] of Object.entries(part)) {
      // The nodes of a map are in arrays.
      const text = await write(item, Array.isArray(item) && isObject(item[0]));
      texts.push(`${JSON.stringify(key)}:${text}`);
    }
    return `{${texts.join(',')}}`;
  }

  return write(value, true);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Whether a value is a node of a sorted map and has nodes below it: only maps make states large.
 */
function isLarge(value: object): boolean {
  if (Array.isArray(value) || !('keys' in value)) return false;
  if ('children' in value) return true;
  const [first] = 'values' in value && Array.isArray(value.values) ? value.values : [];
  return isObject(first) && 'keys' in first;
}
