import { ArchivedError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { type CopyConnection, withCopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import type { Executor, Query } from '../postgres/database.ts';
import {
  addRemoved,
  createChecksumParts,
  fromHex,
  type SummedRow,
} from '../views/building/checksum.ts';
import type { AnyView } from '../views/lists/placement.ts';
import type { StoredViewRow } from '../views/store.ts';
import { readRowsOf } from './copies.ts';
import { firstRange, readMarks, type ViewDifference } from './difference.ts';
import { refoldRange } from './refold.ts';

interface VerifyOptions {
  readonly url: string;
  readonly log: Pick<Log, 'events'>;
  readonly views: readonly AnyView[];
  /** Called for each view that is about to be read. */
  onView?(name: string): void;
}

/** What the rows of a view are, compared with the checksums that were stored with them. */
export interface VerifiedView {
  readonly name: string;
  /** How many rows of documents were read, and up to which sequence the view is built. */
  readonly rows: number;
  readonly sequence: number;
  /** The sequence up to which there are checksums: 0 if there are none yet. */
  readonly provedUpTo: number;
  /** The sequence from which its rows are compared: 0 unless its history was thinned. */
  readonly historyFrom: number;
  /** The first range of sequences with a fault, and the document; null if there is none. */
  readonly fault: ViewDifference | null;
}

/**
 * Reads every stored row of the live views at the speed of COPY and compares their checksums with
 * the stored ones, each view at one moment; leaves out a view that is not built. If they differ,
 * folds the first range that differs again to find the document.
 */
export async function verifyViews(options: VerifyOptions): Promise<readonly VerifiedView[]> {
  const verified: VerifiedView[] = [];
  for (const view of options.views) {
    const { live } = await withCopyConnection(options.url, (own) => readRowsOf(own, view));
    if (live === null) continue;
    options.onView?.(view.name);
    verified.push(
      await withCopyConnection(options.url, async (connection) => {
        await connection.query(begin);
        return verifyView(connection, view, options.log);
      }),
    );
  }
  return verified;
}

const begin: Query = {
  name: 'begin_one_moment',
  text: 'begin isolation level repeatable read read only',
};

async function verifyView(
  connection: CopyConnection,
  view: AnyView,
  log: Pick<Log, 'events'>,
): Promise<VerifiedView> {
  const { live } = await readRowsOf(connection, view);
  if (live === null) throw new Error(`the view ${view.name} was replaced: verify it again`);
  const parts = createChecksumParts();
  const { count, last } = await eachRow(connection, live.id, parts.add);
  const { checkpoint: sequence } = live;
  const marks = await readMarks(connection, live.id, sequence);
  const end = live.checksumSequence === sequence ? fromHex(live.checksum ?? '') : null;
  const provedUpTo = end === null ? (marks.at(-1)?.sequence ?? 0) : sequence;
  const read = addRemoved(parts.upTo(sequence), live);
  const stored = { sequence, marks, checksum: end ?? read.checksum };
  const range =
    firstRange(stored, { sequence, ...read }) ??
    (last > sequence ? { from: sequence + 1, to: last } : null);
  const fault = range && (await locate(connection, log, { view, live, range }));
  const { historyFrom } = live;
  return { name: view.name, rows: count, sequence, provedUpTo, historyFrom, fault };
}

/** Reads all rows of a view; returns how many there are, and their last sequence. */
async function eachRow(
  connection: CopyConnection,
  id: number,
  take: (row: SummedRow) => void,
): Promise<{ readonly count: number; readonly last: number }> {
  const query = `select key::text, sequence::text, document::text from view_document_history
    where view_id = ${Math.trunc(id)}`;
  let [count, last] = [0, 0];
  for await (const rows of copyRows(connection, query)) {
    for (const [key, at, text = null] of rows) {
      const sequence = Number(at);
      take({ key: key ?? '', sequence, text });
      count += 1;
      last = Math.max(last, sequence);
    }
  }
  return { count, last };
}

interface Suspect {
  readonly view: AnyView;
  readonly live: Pick<StoredViewRow, 'id' | 'historyFrom'>;
  readonly range: Pick<ViewDifference, 'from' | 'to'>;
}

const inRange: Query = {
  name: 'rows_in_range',
  text: `select key, sequence, document::text as text from view_document_history
    where view_id = $1 and sequence between $2 and $3 order by sequence, key`,
};

/** Finds the first row of a range that is not as the log has it, unless its events are archived. */
async function locate(
  executor: Executor,
  log: Pick<Log, 'events'>,
  suspect: Suspect,
): Promise<ViewDifference> {
  try {
    return { ...suspect.range, document: await firstWrong(executor, log, suspect) };
  } catch (error) {
    if (!(error instanceof ArchivedError)) throw error;
    return { ...suspect.range, document: null, isArchived: true };
  }
}

/**
 * The first row of a range that is not as the log has it; null if only a checksum is wrong. In the
 * part of a range that was thinned, rows are not compared one by one.
 */
async function firstWrong(
  executor: Executor,
  log: Pick<Log, 'events'>,
  { view, live: { id, historyFrom }, range: { from, to } }: Suspect,
): Promise<ViewDifference['document']> {
  const after = Math.max(from - 1, historyFrom);
  const stored = await executor.query<SummedRow>(inRange, [id, after + 1, to]);
  const right = await refoldRange(executor, log, { view, id }, { after, upTo: to });
  const nameOf = ({ key, sequence }: SummedRow): string => `${sequence} ${key}`;
  const expected = new Map(right.map((row) => [nameOf(row), row.text]));
  const wrong = stored.filter((row) => expected.get(nameOf(row)) !== row.text);
  const found = new Set(stored.map(nameOf));
  const missing = right.filter((row) => !found.has(nameOf(row)));
  const [first] = [...wrong, ...missing].toSorted(
    (a, b) => a.sequence - b.sequence || (a.key < b.key ? -1 : 1),
  );
  return first === undefined ? null : { key: first.key, sequence: first.sequence };
}
