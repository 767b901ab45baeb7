import type { Executor, Query } from '../postgres/database.ts';
import type { LogPlace } from './chain.ts';
import { ExportError } from './errors.ts';
import { areSamePlace, type Manifest } from './manifest.ts';

const made: Query = {
  name: 'has_import_table',
  text: `select to_regclass('public.log_import') is not null as made`,
};

/** Whether an import has begun; the database may not be migrated. */
export async function hasBegun(executor: Executor): Promise<boolean> {
  const [row] = await executor.query<{ readonly made: boolean }>(made);
  return row?.made === true && (await readImport(executor)) !== null;
}

/** How far the import of a log has come; null if none has begun. */
export async function readImport(
  executor: Executor,
): Promise<(LogPlace & { readonly ledger: string }) | null> {
  const [row] = await executor.query<LogPlace & { readonly ledger: string }>(select);
  return row ?? null;
}

const select: Query = {
  name: 'read_import',
  text: `select ledger, sequence, encode(hash, 'hex') as hash, recorded_at::text as "recordedAt",
      encode(commands_hash, 'hex') as "commandsHash"
    from log_import`,
};

const lockHead: Query = {
  name: 'lock_head_for_import',
  text: 'lock table log_head in access exclusive mode',
};
const takeHead: Query = {
  name: 'take_head',
  text: `delete from log_head
    returning ledger, sequence, clock::text, encode(hash, 'hex') as hash,
      encode(commands_hash, 'hex') as "commandsHash", (
        select recorded_at::text from command_batches order by recorded_at desc limit 1
      ) as "recordedAt"`,
};

interface TakenHead extends LogPlace {
  readonly ledger: string;
  readonly clock: string;
}

const insert: Query = {
  name: 'begin_import',
  text: `insert into log_import (
      ledger, sequence, hash, recorded_at, commands_hash, end_sequence, clock
    ) values (
      $1, $2, decode($3, 'hex'), $4::text::timestamptz, decode($5, 'hex'), $6,
      $7::text::timestamptz
    )`,
};

/**
 * Begins an import, in the transaction of the caller: from now on no program can use the log. The
 * export must begin where the log ends. Returns that place. Throws `ExportError`.
 */
export async function beginImport(executor: Executor, manifest: Manifest): Promise<LogPlace> {
  const { ledger, start, end } = manifest;
  await executor.query(lockHead);
  const [head] = await executor.query<TakenHead>(takeHead);
  if (head === undefined) throw new Error('the log has no head: is the database migrated?');
  const place = start.sequence === 0 ? start : continuing(head, manifest);
  await executor.query(insert, [
    ledger,
    place.sequence,
    place.hash,
    place.recordedAt,
    place.commandsHash,
    end.sequence,
    head.clock,
  ]);
  return place;
}

/** The end of a log to which an export with `--after` adds. */
function continuing(head: TakenHead, { ledger, start }: Manifest): LogPlace {
  const { sequence, hash, recordedAt, commandsHash } = head;
  const isSame = head.ledger === ledger && sequence === start.sequence && hash === start.hash;
  if (isSame) return { sequence, hash, recordedAt, commandsHash };
  const found = head.ledger === ledger ? `ends at event ${sequence}` : 'is another one';
  throw new ExportError(
    'NOT_EMPTY',
    `the export begins after event ${start.sequence}, but the log of the database ${found}: ` +
      'import the exports before it first',
  );
}

const advance: Query = {
  name: 'advance_import',
  text: `update log_import set sequence = $1, hash = decode($2, 'hex'),
    recorded_at = $3::text::timestamptz, commands_hash = decode($4, 'hex')`,
};

const readBefore: Query = {
  name: 'read_before_import',
  text: `select exists (
      select from command_batches
      where recorded_at > (select coalesce(recorded_at, '-infinity') from log_import)
        and recorded_at <= (select clock from log_import)
    ) as "isRead"`,
};

/**
 * Records how far the import has come, in the transaction that stores the rows. Throws
 * `ExportError` if answers for these moments were given without the rows.
 */
export async function advanceImport(executor: Executor, place: LogPlace): Promise<void> {
  const { sequence, hash, recordedAt, commandsHash } = place;
  const [row] = await executor.query<{ readonly isRead: boolean }>(readBefore);
  if (row?.isRead === true) {
    throw new ExportError(
      'NOT_EMPTY',
      'the database has answered queries for moments of the export since its last import: ' +
        'import all exports into a new database',
    );
  }
  await executor.query(advance, [sequence, hash, recordedAt, commandsHash]);
}

const end: Query = { name: 'end_import', text: 'delete from log_import returning clock::text' };
const putHead: Query = {
  name: 'put_head',
  text: `insert into log_head (
      sequence, clock, epoch, ledger, hash, commands_hash, chained_after, chained_at,
      archived_through
    ) values (
      $1, greatest($2::text::timestamptz, (
        select recorded_at from events where sequence = $1
      ), $3::text::timestamptz, $10::text::timestamptz),
      $4, $5, decode($6, 'hex'), decode($7, 'hex'), $8, $9::text::timestamptz,
      (select coalesce(max(last_sequence), 0) from archived_ranges)
    )`,
};

/** Makes the log complete, in the transaction of the caller. */
export async function endImport(executor: Executor, manifest: Manifest): Promise<void> {
  const { ledger, epoch, chainedAfter, chainedAt, state } = manifest;
  const { sequence, hash, recordedAt, commandsHash } = manifest.end;
  const [begun] = await executor.query<{ readonly clock: string }>(end);
  await executor.query(putHead, [
    sequence,
    state?.clock ?? '-infinity',
    recordedAt,
    epoch,
    ledger,
    hash,
    commandsHash,
    chainedAfter,
    chainedAt,
    begun?.clock ?? '-infinity',
  ]);
}

/** Throws `ExportError` if a half imported log is not of this export. */
export function assertSameImport(
  begun: LogPlace & { readonly ledger: string },
  { ledger, start, end, files }: Manifest,
): void {
  const places = [start, ...files.map((file) => file.end)];
  if (begun.ledger === ledger && places.some((place) => areSamePlace(place, begun))) return;
  if (begun.ledger === ledger && begun.sequence === start.sequence) return;
  throw new ExportError(
    'OTHER_LOG',
    `the database has a part of another export, up to event ${begun.sequence}, and this one has ` +
      `the events ${start.sequence + 1} to ${end.sequence}: import the other one, or import into ` +
      'a new database',
  );
}
