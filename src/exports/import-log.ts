import { type CopyConnection, withCopyConnection } from '../postgres/copy-out.ts';
import type { Query } from '../postgres/database.ts';
import { isDiskFull } from '../postgres/errors.ts';
import { migrate } from '../postgres/migrate.ts';
import { createChain, type LogPlace } from './chain.ts';
import { assertEmpty } from './emptiness.ts';
import { ExportError } from './errors.ts';
import {
  advanceImport,
  assertSameImport,
  beginImport,
  endImport,
  hasBegun,
  readImport,
} from './import-state.ts';
import { loadFile } from './load-file.ts';
import { areSamePlace, type Manifest, readManifest } from './manifest.ts';
import { assertContent, assertSizes, readFileLines } from './read-files.ts';
import { loadState } from './state.ts';
import { withWorkLock } from './work-lock.ts';

interface ImportOptions {
  readonly url: string;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Called now and then with the last event that was loaded, and the last one of the export. */
  readonly onProgress: (sequence: number, of: number) => void;
}

const query = (name: string, text: string): Query => ({ name: `import_${name}`, text });
const begin = query('begin', 'begin');
const commit = query('commit', 'commit');
const addPartitions = query(
  'partitions',
  `select add_events_partition(first, first + 10000000)
   from generate_series(1, $1::bigint + 5000000, 10000000) as first
   where to_regclass('events_' || first) is null
     and first > (select sequence from log_import)`,
);
const analyze = query(
  'analyze',
  'analyze events, command_batches, command_outcomes, command_terms',
);
const servers = query(
  'servers',
  `select exists (
     select from pg_stat_activity
     where datname = current_database() and application_name = 'daybook'
   ) as found`,
);

/**
 * Restores an export into an empty database, byte for byte, or adds one that was made with `after`
 * to the log that ends there. Each file is one transaction; until the last one is in, no program
 * can use the log, and a repeated call continues. Returns the manifest. Throws `ExportError`.
 */
export async function importLog(options: ImportOptions): Promise<Manifest> {
  const { url, directory } = options;
  const manifest = await readManifest(directory);
  if (manifest === null) {
    throw new ExportError(
      'NOT_AN_EXPORT',
      `${directory} has no manifest.json: it is not an export`,
    );
  }
  const { files, state, start } = manifest;
  await assertSizes(directory, state === null ? files : [...files, state]);
  const busy = 'another import into this database is running: wait for it';
  return withWorkLock(url, 'import', busy, () =>
    withCopyConnection(url, async (connection) => {
      const isNew = start.sequence === 0 && !(await hasBegun(connection));
      if (isNew) await assertEmpty(connection);
      await migrate(url);
      await loadAll(connection, manifest, options);
      return manifest;
    }),
  ).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
    const cure = 'free space, then run the same command again to continue';
    throw new ExportError('DISK_FULL', `the disk of the database is full: ${cure}`);
  });
}

async function loadAll(
  connection: CopyConnection,
  manifest: Manifest,
  options: ImportOptions,
): Promise<void> {
  const { directory, signal, onProgress } = options;
  let place = await beginLoading(connection, manifest);
  // A file that has been loaded is not read again.
  const next = manifest.files.findIndex(({ start }) => areSamePlace(start, place));
  const isLoaded = areSamePlace(place, manifest.end);
  const rest = isLoaded ? [] : manifest.files.slice(Math.max(next, 0));
  const chain = createChain(rest[0]?.start ?? place);
  for (const file of rest) {
    await assertContent(directory, file);
    await connection.query(addPartitions, [file.end.sequence]);
    const lines = readFileLines(directory, file.name);
    const { ledger, end } = manifest;
    await loadFile(connection, lines, {
      file,
      ledger,
      chain,
      loaded: place,
      signal,
      onProgress: (sequence) => onProgress(sequence, end.sequence),
    });
    place = file.end;
    await advanceImport(connection, place);
    await connection.query(commit);
    await connection.query(begin);
  }
  await complete(connection, manifest, directory);
}

/**
 * Begins a transaction, and returns the place after which rows are missing. The beginning of an
 * import is in the transaction of its first file, so an import that is refused changes nothing.
 */
async function beginLoading(connection: CopyConnection, manifest: Manifest): Promise<LogPlace> {
  const begun = await readImport(connection);
  await connection.query(begin);
  if (begun !== null) {
    assertSameImport(begun, manifest);
    return begun;
  }
  const [row] = await connection.query<{ readonly found: boolean }>(servers);
  if (row?.found === true) {
    throw new ExportError('BUSY', 'a server is connected to the database: stop it, then import');
  }
  const place = await beginImport(connection, manifest);
  if (manifest.start.sequence === 0) await assertEmpty(connection);
  return place;
}

/** Ends the import in the transaction that has begun. */
async function complete(
  connection: CopyConnection,
  manifest: Manifest,
  directory: string,
): Promise<void> {
  const { state } = manifest;
  if (state !== null) await assertContent(directory, state);
  await endImport(connection, manifest);
  if (state !== null) await loadState(connection, readFileLines(directory, state.name));
  await connection.query(commit);
  await connection.query(analyze);
}
