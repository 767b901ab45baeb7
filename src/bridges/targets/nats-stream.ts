import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { BridgeParkedError } from '../errors.ts';
import type { NatsSettings } from '../settings.ts';
import type { LastMessage, TargetLanes } from '../target.ts';

/** The error code of JetStream for subjects that belong to another stream. */
const subjectsOverlap = 10065;

/**
 * Creates the stream if it does not exist. Throws `BridgeParkedError` for a stream that cannot show
 * what the bridge has delivered.
 */
export async function ensureStream(
  manager: JetStreamManager,
  settings: NatsSettings,
  isMirror: boolean,
): Promise<void> {
  const { stream, subject, replicas, maxAgeDays, maxBytes } = settings;
  const maxAge = Math.round((maxAgeDays ?? 0) * 86_400e9);
  try {
    const { config } = await manager.streams.info(stream);
    // Without its last message, a stream that does not mirror the log cannot say what it has.
    if (isMirror || config.retention === RetentionPolicy.Limits) return;
    throw new BridgeParkedError(
      `the stream ${stream} has the retention "${config.retention}": a bridge with a filter ` +
        'needs a stream with the retention "limits", which keeps the last message',
    );
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.status !== 404) throw error;
    const creating = manager.streams.add({
      name: stream,
      subjects: [`${subject}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: replicas,
      max_age: maxAge,
      // Ids are compared with that of the last message only.
      duplicate_window: Math.min(1e9, maxAge || 1e9),
      max_bytes: maxBytes ?? -1,
      discard: DiscardPolicy.New,
      deny_delete: true,
    });
    await creating.catch((failure: unknown) => {
      const isTaken = failure instanceof JetStreamApiError && failure.code === subjectsOverlap;
      if (!isTaken) throw failure;
      throw new BridgeParkedError(
        `another stream has subjects below "${subject}.": set "subject" of the bridge to another`,
      );
    });
  }
}

interface StreamEnd {
  /** The sequence number of the stream's last message, even if it is gone; 0: there was none. */
  readonly end: number;
  readonly lanes: TargetLanes;
}

/**
 * What the stream has: its last message. Throws `BridgeParkedError` if that is not from Daybook, or
 * if the stream should mirror the log and does not.
 */
export async function readLanes(
  manager: JetStreamManager,
  { stream }: NatsSettings,
  isMirror: boolean,
): Promise<StreamEnd> {
  const { state } = await manager.streams.info(stream);
  const end = state.last_seq;
  if (end === 0) return { end, lanes: new Map() };
  const message = await manager.streams.getMessage(stream, { seq: end });
  if (message === null) {
    // The stream's limits have removed it. A mirror still shows which event it was.
    const removed = isMirror ? { sequence: end, eventId: null, ledger: null } : null;
    return { end, lanes: new Map([[stream, removed]]) };
  }
  const last = toLastMessage(message.header);
  if (last === null) {
    throw new BridgeParkedError(
      `message ${end} of the stream ${stream} is not from Daybook: use another stream`,
    );
  }
  if (isMirror && last.sequence !== end) {
    throw new BridgeParkedError(
      `message ${end} of the stream ${stream} is event ${last.sequence}: ` +
        'the stream does not mirror the log; give the bridge a new name and a new stream',
    );
  }
  return { end, lanes: new Map([[stream, last]]) };
}

function toLastMessage(header: MsgHdrs): LastMessage | null {
  const sequence = Number(header.get('ce-sequence'));
  const eventId = header.get('ce-id');
  const ledger = header.get('ce-ledger');
  return sequence > 0 && eventId !== '' && ledger !== '' ? { sequence, eventId, ledger } : null;
}
