import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { EventDecoder, EventRow } from './codec.ts';

/**
 * The events of a stream from a version on. They include the event at that version, which shows
 * whether the stream is still the one that the caller knows.
 */
export interface StreamRequest {
  readonly streamId: string;
  readonly fromVersion: number;
}

/** What remains of a stream whose first events are archived. */
export interface ArchivedStream {
  /** The last archived event of the stream. */
  readonly version: number;
  readonly lastEventId: string;
  readonly lastSequence: number;
}

/** The events of some streams that are here, and which of the streams have archived events. */
export interface StreamTails {
  /** In order of version in a stream. */
  readonly events: readonly StoredEvent[];
  readonly archived: ReadonlyMap<string, ArchivedStream>;
}

const streams: Query = {
  name: 'events_of_streams',
  text: `select requested.stream_id, event.sequence, event.version, event.id, event.type,
      event.schema_version, event.recorded_at, event.occurred_at, event.actor, event.command_id,
      event.correlation_id, event.causation_id, event.data, archived.version as archived_version,
      archived.last_event_id, archived.last_sequence
    from unnest($1::text[], $2::integer[]) as requested (stream_id, from_version)
    left join lateral (
      select version, last_event_id, last_sequence from archived_streams
      where archived_streams.stream_id = requested.stream_id limit 1
    ) as archived on true
    left join lateral (
      select * from events
      where events.stream_id = requested.stream_id and events.version >= requested.from_version
      order by events.version limit $3
    ) as event on true
    where event.sequence is not null or archived.version is not null`,
};

/** A stream without events that are here has a row if it has archived events. */
type TailRow = (EventRow | { readonly sequence: null; readonly stream_id: string }) & {
  readonly archived_version: number | null;
  readonly last_event_id: string;
  readonly last_sequence: number;
};

/** A long stream without a snapshot is read in parts: its events may not fit into memory. */
export const streamEventsMax = 10_000;

/** Reads at most `streamEventsMax` events of each stream. */
export async function readStreams(
  executor: Executor,
  decode: EventDecoder,
  requests: readonly StreamRequest[],
): Promise<StreamTails> {
  const rows = await executor.query<TailRow>(streams, [
    requests.map((request) => request.streamId),
    requests.map((request) => request.fromVersion),
    streamEventsMax,
  ]);
  const archived = new Map<string, ArchivedStream>();
  for (const row of rows) {
    if (row.archived_version === null) continue;
    archived.set(row.stream_id, {
      version: row.archived_version,
      lastEventId: row.last_event_id,
      lastSequence: row.last_sequence,
    });
  }
  return { events: rows.flatMap((row) => (row.sequence === null ? [] : decode(row))), archived };
}

export interface SnapshotRequest {
  readonly streamId: string;
  readonly deciderVersion: number;
}

/** A stream's state at a version, folded by one version of its decider. */
export interface StoredSnapshot extends SnapshotRequest {
  readonly version: number;
  /** The id of the event at that version; null if an older program wrote the snapshot. */
  readonly lastEventId: string | null;
  readonly state: JsonObject;
}

// A lateral join, as for outcomes: a plain join could scan all snapshots.
const snapshots: Query = {
  name: 'stream_snapshots',
  text: `select requested.stream_id as "streamId", requested.decider_version as "deciderVersion",
      snapshot.version, snapshot.last_event_id as "lastEventId", snapshot.state
    from unnest($1::text[], $2::integer[]) as requested (stream_id, decider_version)
    cross join lateral (
      select version, last_event_id, state from stream_snapshots
      where stream_snapshots.stream_id = requested.stream_id
        and stream_snapshots.decider_version = requested.decider_version
      limit 1
    ) as snapshot`,
};

export async function readSnapshots(
  executor: Executor,
  requests: readonly SnapshotRequest[],
): Promise<readonly StoredSnapshot[]> {
  return executor.query<StoredSnapshot>(snapshots, [
    requests.map((request) => request.streamId),
    requests.map((request) => request.deciderVersion),
  ]);
}

const write: Query = {
  name: 'write_stream_snapshots',
  // Writes nothing if the last event is not in the log: the snapshot then belongs to a lost
  // history.
  text: `insert into stream_snapshots (stream_id, decider_version, version, last_event_id, state)
    select written.* from unnest($1::text[], $2::integer[], $3::integer[], $4::uuid[], $5::jsonb[])
      as written (stream_id, decider_version, version, last_event_id, state)
    where coalesce((
      select events.id from events
      where events.stream_id = written.stream_id and events.version = written.version
    ), (
      select archived.last_event_id from archived_streams as archived
      where archived.stream_id = written.stream_id and archived.version = written.version
    )) = written.last_event_id
    on conflict on constraint stream_snapshots_pkey do update
    set version = excluded.version, last_event_id = excluded.last_event_id, state = excluded.state
    where stream_snapshots.version < excluded.version`,
};

/** A snapshot to store; its state is JSON text. */
export interface WrittenSnapshot extends SnapshotRequest {
  readonly version: number;
  readonly lastEventId: string;
  readonly state: string;
}

/**
 * Stores snapshots, and keeps the newest for each stream and decider version. Ignores a snapshot
 * that is older than the stored one, or whose last event is not in the log.
 */
export async function writeSnapshots(
  executor: Executor,
  written: readonly WrittenSnapshot[],
): Promise<void> {
  await executor.query(write, [
    written.map((snapshot) => snapshot.streamId),
    written.map((snapshot) => snapshot.deciderVersion),
    written.map((snapshot) => snapshot.version),
    written.map((snapshot) => snapshot.lastEventId),
    written.map((snapshot) => snapshot.state),
  ]);
}
