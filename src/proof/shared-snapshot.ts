import { withCopyConnection } from '../postgres/copy-out.ts';

/** A connection for large results. */
type SnapshotConnection = Parameters<Parameters<typeof withCopyConnection>[1]>[0];

/**
 * Opens connections that all read the database as of one moment, runs the work, and closes them.
 * Throws `DatabaseUnreachableError` if there is no connection.
 */
export function withSharedSnapshot<T>(
  url: string,
  count: number,
  work: (connections: readonly SnapshotConnection[]) => Promise<T>,
): Promise<T> {
  const open = (connections: readonly SnapshotConnection[], snapshot: string | null): Promise<T> =>
    withCopyConnection(url, async (connection) => {
      await connection.query(begin);
      if (snapshot === null) await connection.query(keepEvents);
      const name = await shareSnapshot(connection, snapshot);
      const all = [...connections, connection];
      return all.length === count ? work(all) : open(all, name);
    });
  return open([], null);
}

const begin = {
  name: 'begin_snapshot',
  text: 'begin isolation level repeatable read read only',
};
/**
 * Before the snapshot is taken: events that are archived later would not be found, although the
 * snapshot has them.
 */
const keepEvents = { name: 'keep_events', text: 'lock table events in access share mode' };
const exported = { name: 'export_snapshot', text: 'select pg_export_snapshot() as name' };

/** Takes the snapshot with this name; null: exports that of the connection. Returns the name. */
async function shareSnapshot(
  connection: SnapshotConnection,
  snapshot: string | null,
): Promise<string> {
  if (snapshot !== null) {
    const text = `set transaction snapshot '${snapshot}'`;
    await connection.query({ name: 'set_snapshot', text });
    return snapshot;
  }
  const [row] = (await connection.query(exported)) as readonly { readonly name: string }[];
  return row?.name ?? '';
}
