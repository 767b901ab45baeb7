import type { CopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import { withSharedSnapshot } from '../proof/shared-snapshot.ts';
import type { LogPlace } from './chain.ts';
import {
  batchColumns,
  eventColumns,
  type LogRow,
  type LogValues,
  outcomeColumns,
} from './columns.ts';
import { ExportError } from './errors.ts';
import { openCursor, type RowCursor } from './row-cursor.ts';

/** Connections that see the log at one moment, whatever is recorded meanwhile. */
export interface LogSnapshot {
  /** For anything else that has to be of the same moment. */
  readonly connection: CopyConnection;
  /**
   * The rows after a place, up to another one or the end, in groups: each batch comes after its
   * events and outcomes. Throws `ExportError` if outcomes or terms have no batch.
   */
  rows(after: LogPlace, until?: LogPlace): AsyncGenerator<readonly LogRow[], void, undefined>;
}

/**
 * Opens a snapshot of the log, for as long as the work takes. Memory stays flat: the server waits
 * while the reader does.
 */
export function withSnapshot<T>(
  url: string,
  work: (snapshot: LogSnapshot) => Promise<T>,
): Promise<T> {
  // One for each table, as a connection reads one result at a time.
  return withSharedSnapshot(url, 5, ([connection, ...parts]) => {
    if (connection === undefined) throw new Error('the snapshot has no connection');
    return work({ connection, rows: (after, until) => readRows(parts, after, until) });
  });
}

const asTexts = (columns: readonly string[]): string =>
  columns.map((name) => `${name}::text`).join(', ');
const asHex = `encode(hash, 'hex')`;

async function* readRows(
  [first, second, third, fourth]: readonly CopyConnection[],
  after: LogPlace,
  until: LogPlace | undefined,
): AsyncGenerator<readonly LogRow[], void, undefined> {
  if (!first || !second || !third || !fourth) throw new Error('a table has no connection');
  const { sequence, recordedAt } = after;
  const isAfter = recordedAt === null ? 'true' : `recorded_at > '${recordedAt}'`;
  const isLater =
    until === undefined ? isAfter : `${isAfter} and recorded_at <= '${until.recordedAt}'`;
  const last = until === undefined ? '' : `and sequence <= ${Math.trunc(until.sequence)}`;
  // The names of the columns alone would be those of the texts, which have another order.
  const queries = [
    `select ${asTexts(eventColumns)}, ${asHex} from events
      where sequence > ${Math.trunc(sequence)} ${last} order by events.sequence`,
    `select ${asTexts(batchColumns)}, ${asHex} from command_batches
      where ${isLater} order by command_batches.recorded_at`,
    `select ${asTexts(outcomeColumns)}, recorded_at::text from command_outcomes
      where ${isLater} order by command_outcomes.recorded_at, command_outcomes.sequence,
        command_outcomes.command_id`,
    `select recorded_at::text, array_to_string(array_agg(term order by term), ',')
      from command_terms where ${isLater} group by recorded_at order by command_terms.recorded_at`,
  ];
  const cursors: RowCursor[] = [];
  try {
    for (const [index, connection] of [first, second, third, fourth].entries()) {
      cursors.push(await openCursor(copyRows(connection, queries[index] ?? '')));
    }
    yield* merge(cursors as unknown as Cursors);
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

type Cursors = readonly [
  events: RowCursor,
  batches: RowCursor,
  outcomes: RowCursor,
  terms: RowCursor,
];

const groupMax = 500;

async function* merge([events, batches, outcomes, terms]: Cursors): AsyncGenerator<
  readonly LogRow[],
  void,
  undefined
> {
  let group: LogRow[] = [];
  /** Moves the rows for which `take` returns one into the group; yields full groups. */
  async function* drain(cursor: RowCursor, take: (values: LogValues) => LogRow | null) {
    for (let values = cursor.row(); values !== null; values = cursor.row()) {
      const row = take(values);
      if (row === null) return;
      group.push(row);
      if (group.length >= groupMax) {
        yield group;
        group = [];
      }
      if (!cursor.step()) await cursor.load();
    }
  }
  for (let values = batches.row(); values !== null; values = batches.row()) {
    const [at, first, count] = values;
    const last = Number(first) + Number(count) - 1;
    yield* drain(events, (event) => (Number(event[0]) <= last ? toEvent(event) : null));
    yield* drain(outcomes, (outcome) => (outcome.at(-1) === at ? toOutcome(outcome) : null));
    const [termsAt, list] = terms.row() ?? [];
    const hasTerms = termsAt === at;
    group.push(toBatch(values, hasTerms ? (list ?? '') : ''));
    if (hasTerms && !terms.step()) await terms.load();
    if (!batches.step()) await batches.load();
  }
  yield* drain(events, toEvent);
  if (group.length > 0) yield group;
  const orphan = outcomes.row()?.at(-1) ?? terms.row()?.[0] ?? null;
  if (orphan === null) return;
  throw new ExportError('DAMAGED', `outcomes or terms of ${orphan} have no batch of commands`);
}

function toEvent(values: LogValues): LogRow {
  return { kind: 'event', values: values.slice(0, -1), hash: values.at(-1) ?? '' };
}

function toOutcome(values: LogValues): LogRow {
  return { kind: 'outcome', values: values.slice(0, -1), recordedAt: values.at(-1) ?? '' };
}

function toBatch(values: LogValues, list: string): LogRow {
  const terms = list === '' ? [] : list.split(',').map(Number);
  return { kind: 'batch', values: values.slice(0, -1), hash: values.at(-1) ?? '', terms };
}
