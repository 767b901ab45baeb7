import { createHash } from 'node:crypto';
import { toCanonicalJson } from '../lib/canonical-json.ts';
import { isCleanText } from '../lib/clean-text.ts';
import type { FilterValues } from '../views/lists/partition.ts';
import type { Cursor } from '../views/read.ts';
import { badInput } from './errors.ts';

/** What a cursor is valid for: a list in one order and direction, narrowed by a filter. */
interface CursorScope {
  readonly list: string;
  readonly order: string;
  readonly descending: boolean;
  /** The filters of which a document must match one. */
  readonly filters: readonly FilterValues[];
  /** The prefix of all positions in the list. */
  readonly prefix: string;
}

/** Formats and parses the cursors of one scope. */
interface ListCursors {
  format(cursor: Cursor): string;
  /**
   * Null if the text is not a cursor. Throws BAD_USER_INPUT, at the argument `name`, for a cursor
   * of another scope.
   */
  parse(text: string, name: string): Cursor | null;
}

/**
 * Creates cursors like `orders:PLACED_AT:asc:k3Jd9Q:WyIyMDI2…`: the list, its order and direction
 * in plain text, a fingerprint of the filter, and the position and key of the item. A cursor is
 * valid at every moment.
 */
export function createListCursors(scope: CursorScope): ListCursors {
  const { list, order, descending, prefix } = scope;
  const direction = descending ? 'desc' : 'asc';
  const fingerprint = fingerprintOf(scope);
  const head = `${list}:${order}:${direction}:${fingerprint}:`;
  return {
    format: ({ position, key }) =>
      head + Buffer.from(JSON.stringify([position, key])).toString('base64url'),
    parse(text, name) {
      const match = pattern.exec(text);
      if (match === null) return null;
      const [, ofList, ofOrder, ofDirection, ofFilter, encoded = ''] = match;
      if (ofList !== list) {
        badInput(`the cursor is from a list of ${ofList}, not of ${list}`, name);
      }
      const [given, wanted] = [
        `by ${ofOrder}, ${ofDirection}ending`,
        `by ${order}, ${direction}ending`,
      ];
      if (given !== wanted) {
        badInput(`the cursor is from ${list} ${given}, not ${wanted}`, name);
      }
      if (ofFilter !== fingerprint) {
        const rule = 'use a cursor only with the filter of its page';
        badInput(`the cursor is from ${list} with another filter: ${rule}`, name);
      }
      return parseCursor(encoded, prefix);
    },
  };
}

const pattern = /^([a-z-]{1,40}):([A-Z_]{1,40}):(asc|desc):([\w-]{6}):([\w-]+)$/;

/** Returns 36 bits, which is enough to detect mistakes. They need not resist forgery. */
function fingerprintOf({ filters, prefix }: CursorScope): string {
  // The same alternatives in another order are the same list.
  const alternatives = filters.map((filter) => toCanonicalJson(filter)).sort();
  const content = toCanonicalJson([alternatives, prefix]);
  return createHash('sha256').update(content).digest('base64url').slice(0, 6);
}

function parseCursor(text: string, prefix: string): Cursor | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [position, key] = value;
    if (typeof position !== 'string' || typeof key !== 'string') return null;
    if (!position.startsWith(prefix) || !isCleanText(position + key)) return null;
    return { position, key };
  } catch {
    return null;
  }
}
