import { eventColumns } from '../exports/columns.ts';
import { toCopyLine } from '../exports/copy-text.ts';
import type { Manifest } from '../exports/manifest.ts';
import { type ArchivedRange, archivedRanges } from '../log/archive.ts';
import { type CopyConnection, withCopyConnection } from '../postgres/copy-out.ts';
import type { Query } from '../postgres/database.ts';
import { type ArchiveProgress, withArchiveLock } from './archive-log.ts';
import { freezeClosedParts } from './freeze.ts';
import { withLockedLog } from './lock-log.ts';
import { attachDraft, createDraft, dropDrafts, run } from './parts.ts';
import { readArchiveManifest, readRange } from './read-range.ts';

interface RestoreOptions {
  readonly url: string;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ArchiveProgress) => void;
}

/** What a restore has fetched back; null if nothing was archived. */
interface RestoreSummary {
  readonly first: number;
  readonly last: number;
  readonly lockedMs: number;
}

/**
 * Fetches archived events back from the files of a directory, the latest range first, as far as the
 * directory has them. Afterwards the log is as it was before. Throws `ExportError`, and leaves the
 * ranges that are not complete archived.
 */
export function restoreLog(options: RestoreOptions): Promise<RestoreSummary | null> {
  const { url, directory } = options;
  return withArchiveLock(url, () =>
    withCopyConnection(url, async (connection) => {
      await dropDrafts(connection);
      const ranges = await archivedRanges(connection);
      const last = ranges.at(-1);
      if (last === undefined) return null;
      const manifest = await readArchiveManifest(connection, directory);
      const isThere = ({ firstSequence, lastSequence }: ArchivedRange): boolean =>
        firstSequence > manifest.start.sequence && lastSequence <= manifest.end.sequence;
      const found = ranges.toReversed();
      const missing = found.findIndex((range, index) => index > 0 && !isThere(range));
      const wanted = missing === -1 ? found : found.slice(0, missing);
      let lockedMs = 0;
      for (const range of wanted) {
        lockedMs = Math.max(
          lockedMs,
          await restoreRange(connection, range, { ...options, manifest }),
        );
      }
      const first = wanted.at(-1)?.firstSequence ?? 0;
      await freezeClosedParts(connection);
      return { first, last: last.lastSequence, lockedMs };
    }),
  );
}

const forget: Query = {
  name: 'forget_archived_range',
  text: 'delete from archived_ranges where first_sequence = $1',
};
const goBack: Query = {
  name: 'lower_archived_through',
  text: 'update log_head set archived_through = $1',
};

async function restoreRange(
  connection: CopyConnection,
  range: ArchivedRange,
  { directory, manifest, signal, onProgress }: RestoreOptions & { readonly manifest: Manifest },
): Promise<number> {
  const { firstSequence: first, lastSequence: last, hashBefore, hash } = range;
  const bounds = { first, end: last + 1 };
  const draft = await createDraft(connection, bounds);
  const statement = `copy ${draft} (${eventColumns.join(', ')}, hash) from stdin`;
  const filed = { directory, manifest, after: first - 1, hashBefore, last, hash, signal };
  let read = first - 1;
  for await (const events of readRange(filed)) {
    if (events.length === 0) continue;
    const text = events.map((row) => `${toCopyLine(row.values)}\t\\\\x${row.hash}\n`).join('');
    await connection.copyIn(statement, Buffer.from(text));
    read += events.length;
    onProgress({ step: 'fetching back', sequence: read, of: last });
  }
  await run(connection, `analyze ${draft}`);
  return withLockedLog(
    connection,
    {
      prepare: async () => {},
      // Without the lock of the events, a running statement could see that nothing is archived, and
      // yet not see the part.
      change: async () => {
        await attachDraft(connection, draft, bounds);
        await connection.query(forget, [first]);
        await connection.query(goBack, [first - 1]);
      },
    },
    signal,
  );
}
