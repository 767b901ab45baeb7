import { setTimeout as pause } from 'node:timers/promises';
import type { Database, Executor } from '../../src/postgres/database.ts';
import type { MovingView } from '../../src/views/building/advance.ts';
import { beginning, isOver, packStep } from '../../src/views/building/pack-step.ts';
import { sql } from './rows.ts';

/** So small that the histories of tests fill several packs. */
export const smallPacks = { full: 300, addedMin: 60 };

/** Packs everything that was replaced up to a sequence, or that was stored up to an earlier one. */
export async function packUpTo(
  executor: Executor,
  view: Pick<MovingView, 'id'>,
  horizon: number,
  settledAt = -1,
): Promise<void> {
  const packed = { id: view.id, horizon, settledAt, sizes: smallPacks };
  for (let done = beginning; !isOver(done); ) done = await packStep(executor, packed, done);
}

/** The number of versions and entries in the packs of a view, and of its documents' rows. */
export async function packedIn(database: Database, view: Pick<MovingView, 'id'>) {
  const [row] = await sql<{ documents: number; entries: number; rows: number }>(
    database,
    `select
       (select coalesce(sum(cardinality(keys)), 0)::integer from view_document_packs
         where view_id = $1) as documents,
       (select coalesce(sum(cardinality(positions)), 0)::integer from view_entry_packs
         where view_id = $1) as entries,
       (select count(*)::integer from view_documents where view_id = $1) as rows`,
    [view.id],
  );
  return row ?? { documents: 0, entries: 0, rows: 0 };
}

/** The exact text of the documents of all keys at all sequences up to one. */
export async function allTexts(
  database: Database,
  view: Pick<MovingView, 'id'>,
  { keys, upTo }: { readonly keys: readonly string[]; readonly upTo: number },
) {
  return sql<{ key: string; at: number; text: string | null; sequence: number }>(
    database,
    `select wanted.key, at, document::text as text, sequence
     from unnest($2::text[]) as wanted (key)
     cross join generate_series(0, $3::integer) as at
     cross join lateral document_at($1, wanted.key, at)
     order by wanted.key collate "C", at`,
    [view.id, keys, upTo],
  );
}

/** Makes rows of all packed documents, for a test to change; waits for a leader that packs. */
export async function unpackDocuments(database: Database): Promise<void> {
  for (let rest = await unpackOnce(database); rest > 0; rest = await unpackOnce(database)) {
    await pause(quietMs);
  }
}

/** A sweep takes its next step sooner than this. */
const quietMs = 500;

async function unpackOnce(database: Database): Promise<number> {
  const rows = await sql<{ count: number }>(
    database,
    `with gone as (delete from view_document_packs returning *), unpacked as (
       insert into view_documents (view_id, key, sequence, document)
       select gone.view_id, version.key, version.sequence, version.document
       from gone cross join lateral unnest(gone.keys, gone.sequences, gone.documents)
         as version (key, sequence, document)
       returning 1
     )
     select count(*)::integer as count from unpacked`,
  );
  return rows[0]?.count ?? 0;
}
