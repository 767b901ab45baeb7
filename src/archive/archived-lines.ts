import { toCopyLine } from '../exports/copy-text.ts';
import { ExportError } from '../exports/errors.ts';
import type { ArchivedRange } from '../log/archive.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { readArchiveManifest, readRange } from './read-range.ts';

interface LinesOptions {
  /** Reads the summaries, with which the events are compared. */
  readonly executor: Executor;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * The archived events of some ranges after a sequence, read from their files, each as the line that
 * COPY prints of it and its hash. Compares them with the summaries of their streams. Throws
 * `ExportError`. Ends early if the signal fires.
 */
export async function* readArchivedLines(
  { executor, directory, signal }: LinesOptions,
  ranges: readonly ArchivedRange[],
  after: number,
): AsyncGenerator<Buffer, void, undefined> {
  const manifest = await readArchiveManifest(executor, directory);
  let summaries = 0;
  for (const { firstSequence, lastSequence: last, hashBefore, hash } of ranges) {
    if (last <= after) continue;
    const range = { directory, manifest, after: firstSequence - 1, hashBefore, last, hash, signal };
    for await (const all of stoppable(readRange(range), signal)) {
      const events = all.filter(({ values: [sequence] }) => Number(sequence) > after);
      if (events.length === 0) continue;
      summaries += await compare(executor, events);
      const lines = events.map((row) => `${toCopyLine(row.values)}\t${row.hash}\n`);
      yield Buffer.from(lines.join(''));
    }
  }
  if (after === 0 && !signal.aborted) {
    await assertCount(executor, summaries, ranges.at(-1)?.lastSequence ?? 0);
  }
}

async function* stoppable<T>(rows: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* rows;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const summariesOf: Query = {
  name: 'compare_archived_streams',
  text: `select coalesce(sum((archived.last_sequence = event.sequence)::integer), 0)::integer
        as count,
      min(event.sequence) filter (where case
        when archived.stream_id is null then true
        when archived.last_sequence = event.sequence
          then (archived.version, archived.last_event_id) <> (event.version, event.id)
        else event.sequence not between archived.first_sequence and archived.last_sequence
      end or type = 'PersonErased' and not exists (
        select from archived_erasures where subject = substr(event.stream_id, length('person-') + 1)
      )) as wrong
    from unnest($1::bigint[], $2::text[], $3::integer[], $4::uuid[], $5::text[])
      as event (sequence, stream_id, version, id, type)
    left join lateral (
      select * from archived_streams
      where archived_streams.stream_id = event.stream_id limit 1
    ) as archived on true`,
};

interface Compared {
  readonly count: number;
  readonly wrong: number | null;
}

/** Returns how many streams have their last archived event among these. Throws `ExportError`. */
async function compare(
  executor: Executor,
  events: readonly { readonly values: readonly (string | null)[] }[],
): Promise<number> {
  const columns = [0, 1, 2, 3, 4].map((column) => events.map(({ values }) => values[column]));
  const [row] = await executor.query<Compared>(summariesOf, columns);
  const { count = 0, wrong = null } = row ?? {};
  if (wrong !== null) throw damaged(wrong, 'the summary of its stream is not that of the event');
  return count;
}

const countOf: Query = {
  name: 'count_archived_streams',
  text: 'select count(*)::integer as count from archived_streams where last_sequence <= $1',
};

async function assertCount(executor: Executor, found: number, last: number): Promise<void> {
  const [row] = await executor.query<{ readonly count: number }>(countOf, [last]);
  if (row?.count === found) return;
  throw damaged(last, 'there are summaries of streams that have no archived events');
}

function damaged(sequence: number, what: string): ExportError {
  return new ExportError('DAMAGED', `sequence ${sequence}: ${what}`);
}
