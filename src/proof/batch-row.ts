import { unpackRecords } from '../log/record-pack.ts';
import { termsOf } from '../log/record-terms.ts';
import { isLater } from './chain.ts';
import { type CopyLines, fieldsOf, nextLine, unescaped } from './copy-lines.ts';

/** The columns of the lines of each table, as docs/log-format.md has them. */
export const batchColumns =
  "recorded_at, first_sequence, event_count, batch_id, size, records, encode(hash, 'hex')";
export const outcomeColumns =
  'recorded_at, actor, idempotency_key, fingerprint, command_id, sequence, event_count, rejection';
export const termColumns = 'recorded_at, term';

/** A batch of commands as COPY prints it. */
export interface BatchRow {
  readonly at: string;
  readonly first: number;
  readonly last: number;
  readonly records: string;
  /** What is hashed. */
  readonly line: string;
  readonly hash: string;
}

/** The batch of a line of `batchColumns`. */
export function toBatchRow(lines: CopyLines): BatchRow {
  const fields = fieldsOf(lines);
  const [at = '', first = '', count = '', , , records = '', stored = ''] = fields;
  return {
    at,
    first: Number(first),
    last: Number(first) + Number(count) - 1,
    records: unescaped(records),
    line: fields.slice(0, -1).join('\t'),
    hash: stored,
  };
}

/** The terms that the records of a batch have; null if the records cannot be read. */
export function expectedTerms(text: string, streams: ReadonlySet<string>): Set<string> | null {
  const events = [...streams].map((streamId) => ({ streamId }));
  try {
    const records = unpackRecords({ batch: anyTime, firstSequence: 1, records: text });
    return new Set(termsOf(records, events).map(String));
  } catch {
    return null;
  }
}

/** Terms do not depend on times. */
const anyTime = '0001-01-01T00:00:00.000000Z';

interface GroupLine {
  readonly at: string;
  /** The line after its time. */
  readonly rest: Buffer;
}

/** Lines in the order of the times that they begin with. */
export interface LineGroups {
  /** Yields the lines up to a time; null: all. What is yielded is valid until the next step. */
  upTo(at: string | null): AsyncGenerator<GroupLine, void, undefined>;
}

export function createLineGroups(lines: CopyLines): LineGroups {
  let waiting: GroupLine | null = null;
  return {
    async *upTo(at: string | null): AsyncGenerator<GroupLine, void, undefined> {
      for (;;) {
        waiting ??= (await nextLine(lines)) ? toGroupLine(lines) : null;
        if (waiting === null || (at !== null && isLater(waiting.at, at))) return;
        const line = waiting;
        waiting = null;
        yield line;
      }
    },
  };
}

function toGroupLine({ buffer, start, end }: CopyLines): GroupLine {
  const tab = buffer.indexOf(9, start);
  return { at: buffer.toString('latin1', start, tab), rest: buffer.subarray(tab + 1, end) };
}
