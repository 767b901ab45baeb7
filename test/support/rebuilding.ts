import type { KnownEvents } from '../../src/kernel/context.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { readRowsOf } from '../../src/rebuild/copies.ts';
import type { RebuildParts, RebuildRequest } from '../../src/rebuild/under-lease.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { batchOf, noted } from './batches.ts';
import { sql } from './rows.ts';
import { silentLogger } from './silent-logger.ts';
import { type Note, walletKeys } from './wallets.ts';

/** The parts of a rebuild, as a separate process has them. */
export interface RebuildingProcess {
  readonly parts: RebuildParts;
  stop(): Promise<void>;
}

export function startRebuilding(
  url: string,
  definitions: KnownEvents = new Map(),
): RebuildingProcess {
  const database = createDatabase({ url, applicationName: 'rebuild', log: silentLogger });
  const log = createLog(database, definitions);
  return {
    parts: { database, keeper: database, url, log, logger: silentLogger },
    stop: database.stop,
  };
}

/** A request to rebuild views, with what a test does not set. */
export function requestFor(
  views: readonly AnyView[],
  given: Partial<RebuildRequest> = {},
): RebuildRequest {
  return {
    views,
    acceptsDifferences: false,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...given,
  };
}

/** Appends notes about wallets, a thousand in a batch; returns the last sequence. */
export async function appendNotes(database: Database, count: number): Promise<number> {
  const log = createLog(database, new Map());
  const streamId = `notes-${newUuid()}`;
  let last = 0;
  for (let done = 0; done < count; done += 1_000) {
    const size = Math.min(1_000, count - done);
    const events = Array.from({ length: size }, (_, index) =>
      noted(streamId, done + index + 1, noteOf(done + index)),
    );
    last = (await log.append(batchOf(events))).firstSequence + size - 1;
  }
  return last;
}

function noteOf(index: number): Note {
  const key = walletKeys[index % walletKeys.length] ?? '';
  const owner = index % 50 === 0 ? { owner: `o${index % 7}` } : {};
  return { keys: [key], amount: (index % 7) - 3, isGone: index % 97 === 0, ...owner };
}

/** All that is stored of some rows of a view, without their id. */
export async function storedOf(database: Database, id: number, upTo: number) {
  const documents = await sql(
    database,
    `select key, sequence, document::text as text from view_document_history
     where view_id = $1 and sequence <= $2 order by 1, 2`,
    [id, upTo],
  );
  const marks = await sql(
    database,
    `select sequence, encode(checksum, 'hex') as checksum from view_checksums
     where view_id = $1 and sequence <= $2 order by 1`,
    [id, upTo],
  );
  return { documents, marks };
}

/** The ids of the rows of a view: live, copy and kept; null for those that are not there. */
export async function idsOf(database: Database, view: AnyView) {
  const { live, copy, kept } = await readRowsOf(database, view);
  return { live: live?.id ?? null, copy: copy?.id ?? null, kept: kept?.id ?? null };
}
