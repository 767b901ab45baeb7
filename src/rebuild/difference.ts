import type { CopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { MovingView } from '../views/building/advance.ts';
import {
  addRemoved,
  areEqual,
  type Checksum,
  createChecksumParts,
  fromHex,
  type Mark,
} from '../views/building/checksum.ts';
import type { Checksums } from '../views/building/write-page.ts';
import { readViews, type StoredViewRow } from '../views/store.ts';

/** Where two builds of a view differ first: between two sequences, and in which document. */
export interface ViewDifference {
  /** The first and the last sequence of the range. */
  readonly from: number;
  readonly to: number;
  /** The first row that differs; null if all rows are equal, and only a checksum differs. */
  readonly document: { readonly key: string; readonly sequence: number } | null;
  /** Whether no row can be named, because the events of the range are archived. */
  readonly isArchived?: boolean;
}

/** Rows of a view, and what was removed of them. */
type Thinned = Pick<StoredViewRow, 'id' | 'historyFrom' | 'removedChecksum'>;

/** Reads every row of a view up to a sequence, and sums them up, with what was removed. */
async function sumStoredRows(
  connection: Pick<CopyConnection, 'copyOut'>,
  row: Thinned,
  upTo: number,
): Promise<Checksums> {
  const parts = createChecksumParts();
  const query = `select key::text, sequence::text, document::text from view_document_history
    where view_id = ${Math.trunc(row.id)} and sequence <= ${Math.trunc(upTo)}`;
  for await (const rows of copyRows(connection, query)) {
    for (const [key, sequence, text = null] of rows) {
      parts.add({ key: key ?? '', sequence: Number(sequence), text });
    }
  }
  return addRemoved(parts.upTo(upTo), row);
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
    where (one.text is distinct from other.text or (one.key is null) <> (other.key is null))
      and (one.key is not null or sequence >= $5)
    order by sequence, key limit 1`,
};

/**
 * The first row of a range that a live view and another build do not have alike, apart from what
 * was removed of the live one; null if there is none.
 */
async function firstDocument(
  executor: Executor,
  [live, other]: readonly [Thinned, number],
  { from, to }: Pick<ViewDifference, 'from' | 'to'>,
): Promise<ViewDifference['document']> {
  type Row = { readonly key: string; readonly sequence: number };
  const [row] = await executor.query<Row>(firstRow, [live.id, other, from, to, live.historyFrom]);
  return row ?? null;
}

interface Compared {
  readonly moving: MovingView;
  readonly live: Pick<StoredViewRow, 'id'>;
  /** The sequence at which they are compared; both are there or beyond. */
  readonly at: number;
}

const begin: Query = {
  name: 'begin_comparison',
  text: 'begin isolation level repeatable read read only',
};

/**
 * Reads all rows of a live view at one moment and compares them with a copy; null if they are
 * equal, from where the history of the live view begins. Null also if that is after `at`.
 */
export async function findDifference(
  connection: CopyConnection,
  { moving, live, at }: Compared,
): Promise<ViewDifference | null> {
  await connection.query(begin);
  const rows = await readViews(connection);
  const [copyRow, liveRow] = [moving, live].map(({ id }) => rows.find((row) => row.id === id));
  if (copyRow === undefined || liveRow === undefined || liveRow.historyFrom > at) return null;
  const { checksum, checkpoint } = moving;
  const isThere = checkpoint === at && checksum !== null;
  const own = isThere
    ? { checksum, marks: await readMarks(connection, moving.id, at) }
    : await sumStoredRows(connection, copyRow, at);
  const stored = await sumStoredRows(connection, liveRow, at);
  const range = firstRange({ sequence: at, ...own }, { sequence: at, ...stored });
  if (range === null) return null;
  const document = await firstDocument(connection, [liveRow, moving.id], range);
  return { ...range, document };
}
