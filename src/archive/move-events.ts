import type { LogPlace } from '../exports/chain.ts';
import { ExportError } from '../exports/errors.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { assertUnneeded } from './cut.ts';
import { withLockedLog } from './lock-log.ts';
import { attachDraft, createDraft, dropPart, type EventsPart, readParts, run } from './parts.ts';

interface MoveOptions {
  readonly executor: Executor;
  readonly after: number;
  readonly until: LogPlace;
  /** The hash of the event before the range. */
  readonly hashBefore: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly signal: AbortSignal;
  /** Called with the last event that was copied, and the last one to copy. */
  readonly onCopied: (sequence: number, of: number) => void;
}

const head: Query = { name: 'archive_head', text: 'select sequence from log_head' };
const hashAt: Query = {
  name: 'archive_hash',
  text: `select encode(hash, 'hex') as hash from events where sequence = $1`,
};
const record: Query = {
  name: 'record_archived_range',
  text: `insert into archived_ranges (
      first_sequence, last_sequence, first_at, last_at, hash_before, hash, event_count, files
    )
    select $1, $2, first_event.recorded_at, last_event.recorded_at, decode($3, 'hex'),
      last_event.hash, $2::bigint - $1::bigint + 1, $4::jsonb
    from events as first_event, events as last_event
    where first_event.sequence = $1 and last_event.sequence = $2`,
};
const advance: Query = {
  name: 'advance_archived_through',
  text: 'update log_head set archived_through = $1',
};

/**
 * Removes the events of a range from the database, and records where they are. The events after it
 * that are in the same part of the table are copied to a new part before. Returns for how many
 * milliseconds appends had to wait. Throws `ExportError`.
 */
export async function moveEvents(options: MoveOptions): Promise<number> {
  const { executor, after, until, signal } = options;
  const parts = (await readParts(executor)).filter(({ first }) => first <= until.sequence);
  const split = parts.find(({ end }) => end > until.sequence + 1);
  const rest = split === undefined ? null : { first: until.sequence + 1, end: split.end };
  const copy = rest === null ? null : await startCopy(options, split?.name ?? '', rest);
  return withLockedLog(
    executor,
    {
      prepare: async () => {
        await assertSame(executor, until);
        await assertUnneeded(executor, until.sequence);
        await copy?.finish();
      },
      change: async () => {
        const files = JSON.stringify(options.files);
        const values = [after + 1, until.sequence, options.hashBefore, files];
        await executor.query(record, values);
        for (const part of parts) await dropPart(executor, part);
        if (rest !== null && copy !== null) await attachDraft(executor, copy.name, rest);
        await executor.query(advance, [until.sequence]);
      },
    },
    signal,
  );
}

async function assertSame(executor: Executor, { sequence, hash }: LogPlace): Promise<void> {
  const [row] = await executor.query<{ readonly hash: string }>(hashAt, [sequence]);
  if (row?.hash === hash) return;
  throw new ExportError('OTHER_LOG', `event ${sequence} has changed meanwhile: nothing was moved`);
}

interface Copy {
  readonly name: string;
  /** Copies what was appended meanwhile; the caller has locked the head. */
  finish(): Promise<void>;
}

const chunk = 20_000;
/** Few enough that appends hardly wait for them. */
const finishMax = 500;

/** Copies the events of a part that stay, until only the latest are missing. Rows never change. */
async function startCopy(
  { executor, signal, onCopied }: MoveOptions,
  from: string,
  range: Omit<EventsPart, 'name'>,
): Promise<Copy> {
  const name = await createDraft(executor, range);
  let copied = range.first - 1;
  const copyTo = async (last: number): Promise<void> => {
    if (last <= copied) return;
    const where = `sequence > ${copied} and sequence <= ${last}`;
    await run(executor, `insert into ${name} select * from ${from} where ${where}`);
    copied = last;
  };
  const lastOf = async (): Promise<number> => {
    const [row] = await executor.query<{ readonly sequence: number }>(head);
    return Math.min(row?.sequence ?? 0, range.end - 1);
  };
  for (;;) {
    const last = await lastOf();
    if (last - copied <= finishMax) break;
    if (signal.aborted) throw new ExportError('INTERRUPTED', 'interrupted; nothing was moved');
    await copyTo(Math.min(copied + chunk, last));
    onCopied(copied, last);
  }
  await copyTo(await lastOf());
  await run(executor, `analyze ${name}`);
  const before = copied;
  return {
    name,
    async finish() {
      // An attempt that was rolled back has copied nothing.
      copied = before;
      await copyTo(await lastOf());
    },
  };
}
