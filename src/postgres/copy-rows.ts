import type { CopyConnection } from './copy-out.ts';

/** A row as COPY sends it: each value as text, null for an SQL null. */
type CopiedRow = readonly (string | null)[];

const headerBytes = 19;
const endOfRows = -1;

/**
 * Runs a query whose columns are all of the type text at the speed of COPY, and yields its rows in
 * groups, in their order. The texts are exactly those of the database: nothing is escaped.
 */
export async function* copyRows(
  { copyOut }: Pick<CopyConnection, 'copyOut'>,
  query: string,
): AsyncGenerator<readonly CopiedRow[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  for await (const chunk of copyOut(`copy (${query}) to stdout (format binary)`)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!isBegun) {
      if (rest.length < headerBytes) continue;
      rest = rest.subarray(headerBytes);
      isBegun = true;
    }
    const { rows, end } = readRows(rest);
    rest = rest.subarray(end);
    if (rows.length > 0) yield rows;
  }
}

/** The complete rows at the beginning of some bytes, and where they end. */
function readRows(bytes: Buffer): { readonly rows: readonly CopiedRow[]; readonly end: number } {
  const rows: CopiedRow[] = [];
  let end = 0;
  for (;;) {
    const row = readRow(bytes, end);
    if (row === null) return { rows, end };
    rows.push(row.values);
    end = row.end;
  }
}

/** The row that begins at an offset; null if it is not complete, or if there are no more rows. */
function readRow(
  bytes: Buffer,
  start: number,
): { readonly values: CopiedRow; readonly end: number } | null {
  if (start + 2 > bytes.length) return null;
  const count = bytes.readInt16BE(start);
  if (count === endOfRows) return null;
  const values: (string | null)[] = [];
  let at = start + 2;
  for (let field = 0; field < count; field += 1) {
    if (at + 4 > bytes.length) return null;
    const size = bytes.readInt32BE(at);
    at += 4;
    if (size < 0) {
      values.push(null);
      continue;
    }
    if (at + size > bytes.length) return null;
    values.push(bytes.toString('utf8', at, at + size));
    at += size;
  }
  return { values, end: at };
}
