import { createHash } from 'node:crypto';
import { toCanonicalJson } from '../lib/canonical-json.ts';
import { isCleanText } from '../lib/clean-text.ts';
import type { FilterValues } from '../views/lists/partition.ts';
import type { Cursor } from '../views/read.ts';
import { badInput } from './errors.ts';

/** What a cursor goes with: a list in its order, as far as a filter narrows it. */
export interface CursorScope {
  readonly list: string;
  readonly order: string;
  readonly descending: boolean;
  /** A document is in the list if it fits one of these. */
  readonly filters: readonly FilterValues[];
  /** Only what stands at positions that begin so. */
  readonly prefix: string;
}

/** The cursors of one list, order and filter, as clients keep them. */
export interface ListCursors {
  format(place: Cursor): string;
  /** Null: it is no cursor of a list. Throws BAD_USER_INPUT when it is one of another scope. */
  parse(text: string): Cursor | null;
}

/**
 * Cursors like `orders:PLACED_AT:asc:k3Jd9Q:WyIyMDI2…`: what they are of in clear, a fingerprint of
 * the filter, and the place in the list. They hold at every moment.
 */
export function createListCursors(scope: CursorScope): ListCursors {
  const { list, order, descending, prefix } = scope;
  const direction = descending ? 'desc' : 'asc';
  const fingerprint = fingerprintOf(scope);
  const head = `${list}:${order}:${direction}:${fingerprint}:`;
  return {
    format: ({ position, key }) =>
      head + Buffer.from(JSON.stringify([position, key])).toString('base64url'),
    parse(text) {
      const match = pattern.exec(text);
      if (match === null) return null;
      const [, ofList, ofOrder, ofDirection, ofFilter, place = ''] = match;
      if (ofList !== list) badInput(`the cursor is of a list of ${ofList}, not of ${list}`);
      const [given, wanted] = [
        `by ${ofOrder}, ${ofDirection}ending`,
        `by ${order}, ${direction}ending`,
      ];
      if (given !== wanted) badInput(`the cursor is of ${list} ${given}, not ${wanted}`);
      if (ofFilter !== fingerprint) {
        const rule = 'a cursor goes with the filter of its own page';
        badInput(`the cursor is of ${list} with another filter: ${rule}`);
      }
      return parsePlace(place, prefix);
    },
  };
}

const pattern = /^([a-z-]{1,40}):([A-Z_]{1,40}):(asc|desc):([\w-]{6}):([\w-]+)$/;

/** Thirty-six bits: enough to notice a mistake, which is all that it is for. */
function fingerprintOf({ filters, prefix }: CursorScope): string {
  // The order in which the alternatives were given makes no other list.
  const alternatives = filters.map((filter) => toCanonicalJson(filter)).sort();
  const content = toCanonicalJson([alternatives, prefix]);
  return createHash('sha256').update(content).digest('base64url').slice(0, 6);
}

function parsePlace(text: string, prefix: string): Cursor | null {
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
