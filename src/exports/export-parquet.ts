import { dateTimeFault, parseDateTime } from '../lib/date-time.ts';
import { readSequenceAt } from '../log/moments.ts';
import { withCopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { readViews } from '../views/store.ts';
import { eventColumns } from './columns.ts';
import { ExportError } from './errors.ts';
import { keepEvents, readExportedHead } from './log-head.ts';
import { documentsAsOf } from './view-documents.ts';
import { type ParquetColumn, type ParquetContent, writeParquet } from './write-parquet.ts';

export interface ParquetOptions {
  readonly url: string;
  readonly file: string;
  /** The view whose documents are exported. Null: the events are. */
  readonly view: AnyView | null;
  /** A sequence or a time. Null: the end of the log. */
  readonly asOf: string | null;
  /** Called now and then with the number of rows that were read. */
  readonly onProgress: (rows: number) => void;
}

/** What was written, and the sequence as of which. */
interface ParquetSummary {
  readonly rows: number;
  readonly sequence: number;
}

const begin: Query = { name: 'begin_parquet', text: 'begin' };

/**
 * Writes the events up to a moment, or the documents of a view as of it, into a Parquet file.
 * Personal texts stay sealed. Throws `ExportError`.
 */
export async function exportParquet(options: ParquetOptions): Promise<ParquetSummary> {
  const { url, file, view, asOf, onProgress } = options;
  return withCopyConnection(url, async (connection) => {
    const { ledger, sequence: head } = await readExportedHead(connection);
    const sequence = asOf === null ? head : await sequenceOf(connection, asOf, head);
    if (view === null) await keepAllEvents(connection);
    const { columns, query } =
      view === null ? eventsUpTo(sequence) : await documentsOf(connection, view, sequence);
    const rows = counted(copyRows(connection, query), onProgress);
    const about = { ledger, sequence: String(sequence), content: view?.name ?? 'events' };
    return { rows: await writeParquet(file, { columns, rows, about }), sequence };
  });
}

/** Keeps an archive from removing events while they are read. Throws `ExportError`. */
async function keepAllEvents(executor: Executor): Promise<void> {
  await executor.query(begin);
  await keepEvents(executor);
  const { archivedThrough } = await readExportedHead(executor);
  if (archivedThrough === 0) return;
  throw new ExportError(
    'ARCHIVED',
    `the events up to ${archivedThrough} are archived: fetch them back first with daybook ` +
      'archive --restore --in DIR',
  );
}

async function* counted(
  groups: ParquetContent['rows'],
  onProgress: ParquetOptions['onProgress'],
): ParquetContent['rows'] {
  let count = 0;
  for await (const group of groups) {
    yield group;
    count += group.length;
    onProgress(count);
  }
}

async function sequenceOf(executor: Executor, asOf: string, head: number): Promise<number> {
  if (/^\d+$/.test(asOf)) {
    const sequence = Number(asOf);
    if (sequence <= head) return sequence;
    throw new ExportError('UNUSABLE', `--as-of ${asOf}: the log ends at event ${head}`);
  }
  const time = parseDateTime(asOf);
  if (time === null) throw new ExportError('UNUSABLE', `--as-of ${dateTimeFault(asOf)}`);
  const sequence = await readSequenceAt(executor, time);
  if (sequence !== null) return sequence;
  throw new ExportError('UNUSABLE', `--as-of ${asOf} is in the future`);
}

const eventTypes: Readonly<Record<string, ParquetColumn['type']>> = {
  sequence: 'bigint',
  version: 'integer',
  schema_version: 'integer',
  recorded_at: 'time',
  occurred_at: 'time',
};

interface Source {
  readonly columns: readonly ParquetColumn[];
  readonly query: string;
}

function eventsUpTo(sequence: number): Source {
  const columns = [...eventColumns, 'hash'].map((name) => ({
    name,
    type: eventTypes[name] ?? 'text',
    isNullable: name === 'causation_id',
  }));
  const texts = eventColumns.map((name) => `${name}::text`).join(', ');
  const query = `select ${texts}, encode(hash, 'hex') from events
    where sequence <= ${Math.trunc(sequence)} order by events.sequence`;
  return { columns, query };
}

async function documentsOf(executor: Executor, view: AnyView, sequence: number): Promise<Source> {
  const row = (await readViews(executor)).find(
    ({ name, version }) => name === view.name && version === view.version,
  );
  if (row === undefined || row.status === 'building' || row.checkpoint < sequence) {
    throw new ExportError(
      'UNUSABLE',
      `the view ${view.name} is built up to event ${row?.checkpoint ?? 0}, not ${sequence}: ` +
        'start a server and wait until it is ready, or give an earlier --as-of',
    );
  }
  const columns = [
    { name: 'key', type: 'text' },
    { name: 'sequence', type: 'bigint' },
    { name: 'document', type: 'text' },
  ] as const;
  return { columns, query: documentsAsOf(row.id, sequence) };
}
