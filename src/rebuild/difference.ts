import type { CopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { MovingView } from '../views/building/advance.ts';
import {
  addChecksums,
  areEqual,
  type Checksum,
  createChecksumParts,
  emptyChecksum,
  fromHex,
  type Mark,
} from '../views/building/checksum.ts';
import type { Checksums } from '../views/building/write-page.ts';
import type { StoredViewRow } from '../views/store.ts';

/** Where two builds of a view differ first: between two sequences, and in which document. */
export interface ViewDifference {
  /** The first and the last sequence of the range. */
  readonly from: number;
  readonly to: number;
  /** The first row that differs; null if all rows are equal, and only a checksum differs. */
  readonly document: { readonly key: string; readonly sequence: number } | null;
}

/** Reads the rows of a view after a mark and up to a sequence, and sums them up. */
async function sumStoredRows(
  connection: Pick<CopyConnection, 'copyOut'>,
  viewId: number,
  { base, upTo }: { readonly base: Mark; readonly upTo: number },
): Promise<Checksums> {
  const parts = createChecksumParts();
  const query = `select key::text, sequence::text, document::text from view_document_history
    where view_id = ${Math.trunc(viewId)}
      and sequence > ${Math.trunc(base.sequence)} and sequence <= ${Math.trunc(upTo)}`;
  for await (const rows of copyRows(connection, query)) {
    for (const [key, sequence, text = null] of rows) {
      parts.add({ key: key ?? '', sequence: Number(sequence), text });
    }
  }
  return addBase(base, parts.upTo(upTo));
}

/** The mark before the first row. */
const beginning: Mark = { sequence: 0, checksum: emptyChecksum };

/**
 * The mark after which a view has all its rows: thinning has removed older ones. Null if it has no
 * such mark yet.
 */
export function baseOf(historyFrom: number, marks: readonly Mark[]): Mark | null {
  if (historyFrom === 0) return beginning;
  return marks.find(({ sequence }) => sequence >= historyFrom) ?? null;
}

/** The checksums of all rows, from those of the rows after a mark. */
export function addBase(base: Mark, { checksum, marks }: Checksums): Checksums {
  const after = marks.filter(({ sequence }) => sequence > base.sequence);
  const all = after.map((mark) => ({
    sequence: mark.sequence,
    checksum: addChecksums(base.checksum, mark.checksum),
  }));
  const first = base.sequence === 0 ? [] : [base];
  return { checksum: addChecksums(base.checksum, checksum), marks: [...first, ...all] };
}

const marks: Query = {
  name: 'checksum_marks',
  text: `select sequence, encode(checksum, 'hex') as checksum from view_checksums
    where view_id = $1 and sequence <= $2 order by sequence`,
};

/** The stored checksums of a view at the marks up to a sequence. */
export async function readMarks(
  executor: Executor,
  viewId: number,
  upTo: number,
): Promise<readonly Mark[]> {
  type Row = { readonly sequence: number; readonly checksum: string };
  const rows = await executor.query<Row>(marks, [viewId, upTo]);
  return rows.map(({ sequence, checksum }) => ({ sequence, checksum: fromHex(checksum) }));
}

/** Checksums of one build, to compare with those of another at the same sequence. */
interface Summed extends Checksums {
  readonly sequence: number;
}

/**
 * The first range in which two builds differ; null if they are equal. A mark that only one of them
 * has is passed over.
 */
export function firstRange(one: Summed, other: Summed): Pick<ViewDifference, 'from' | 'to'> | null {
  const known = new Map(other.marks.map(({ sequence, checksum }) => [sequence, checksum]));
  known.set(other.sequence, other.checksum);
  let from = 1;
  const ends: readonly { sequence: number; checksum: Checksum }[] = [
    ...one.marks,
    { sequence: one.sequence, checksum: one.checksum },
  ];
  for (const { sequence, checksum } of ends) {
    const same = known.get(sequence);
    if (same === undefined) continue;
    if (!areEqual(same, checksum)) return { from, to: sequence };
    from = sequence + 1;
  }
  return null;
}

const firstRow: Query = {
  name: 'first_difference',
  text: `select key, sequence from (
      select key, sequence, document::text as text from view_document_history
      where view_id = $1 and sequence between $3 and $4
    ) as one full join (
      select key, sequence, document::text as text from view_document_history
      where view_id = $2 and sequence between $3 and $4
    ) as other using (key, sequence)
    where one.text is distinct from other.text
      or (one.key is null) <> (other.key is null)
    order by sequence, key limit 1`,
};

/** The first row of a range that two builds of a view do not have alike; null if there is none. */
async function firstDocument(
  executor: Executor,
  ids: readonly [number, number],
  { from, to }: Pick<ViewDifference, 'from' | 'to'>,
): Promise<ViewDifference['document']> {
  type Row = { readonly key: string; readonly sequence: number };
  const [row] = await executor.query<Row>(firstRow, [...ids, from, to]);
  return row ?? null;
}

interface Compared {
  readonly moving: MovingView;
  readonly live: Pick<StoredViewRow, 'id' | 'historyFrom'>;
  /** The sequence at which they are compared; both are there or beyond. */
  readonly at: number;
}

/**
 * Reads all rows of a live view and compares them with a copy; null if they are equal. Of a view
 * that was thinned, compares the rows after the first mark from which it has all.
 */
export async function findDifference(
  connection: CopyConnection,
  { moving, live, at }: Compared,
): Promise<ViewDifference | null> {
  const { checksum } = moving;
  const isThere = moving.checkpoint === at && checksum !== null;
  const own = isThere
    ? { checksum, marks: await readMarks(connection, moving.id, at) }
    : await sumStoredRows(connection, moving.id, { base: beginning, upTo: at });
  const base = baseOf(live.historyFrom, await readMarks(connection, live.id, at));
  if (base === null) return null;
  const stored = await sumStoredRows(connection, live.id, { base, upTo: at });
  const range = firstRange({ sequence: at, ...own }, { sequence: at, ...stored });
  if (range === null) return null;
  const document = await firstDocument(connection, [live.id, moving.id], range);
  return { ...range, document };
}
