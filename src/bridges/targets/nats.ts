import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { BridgeParkedError } from '../errors.ts';
import { attributesOf, type ChainedMessage, toEventType } from '../message.ts';
import type { NatsSettings } from '../settings.ts';
import type { LastMessage, Target, TargetKind } from '../target.ts';
import { connectNats } from './nats-connection.ts';
import type { Secrets } from './secrets.ts';

export interface NatsTargetOptions {
  readonly settings: NatsSettings;
  readonly secret: Secrets;
  /** The bounded context of each event type. */
  readonly contextOf: (type: string) => string;
}

const batchMax = 500;
const ackMs = 10_000;
/** The error codes of JetStream for an unexpected last sequence and an unexpected last id. */
const unexpectedLast = new Set([10071, 10070]);
const messageTooLarge = 10054;

/**
 * A NATS JetStream stream. A bridge without a filter that begins at the first event mirrors the
 * log: each message is published with the expected last sequence of the stream, so the stream's
 * sequence numbers are those of the log, and the server refuses repeats and gaps. Another bridge
 * names the id of the last message instead.
 */
export function natsTarget({ settings, secret, contextOf }: NatsTargetOptions): TargetKind {
  return {
    kind: settings.kind,
    batchMax,
    async open() {
      const connection = await connectNats(settings, secret);
      try {
        return await openStream(connection, { settings, contextOf });
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}

async function openStream(
  connection: NatsConnection,
  { settings, contextOf }: Omit<NatsTargetOptions, 'secret'>,
): Promise<Target> {
  const { stream } = settings;
  const isMirror = mirrorsLog(settings);
  const manager = await jetstreamManager(connection);
  await ensureStream(manager, settings);
  const client = jetstream(connection, { timeout: ackMs });
  let lastId: string | null = null;

  async function publish(message: ChainedMessage): Promise<void> {
    const subject = toSubject(contextOf, message);
    const expect = isMirror
      ? { streamName: stream, lastSequence: message.sequence - 1 }
      : { streamName: stream, ...(lastId === null ? {} : { lastMsgID: lastId }) };
    lastId = message.eventId;
    const ack = await client.publish(subject, message.data ?? '', {
      headers: toHeaders(message),
      expect,
      ...(isMirror ? {} : { msgID: message.eventId }),
    });
    if (isMirror && ack.seq !== message.sequence) {
      throw new BridgeParkedError(
        `the stream ${stream} stored event ${message.sequence} as its message ${ack.seq}`,
      );
    }
  }

  return {
    async last() {
      const found = await readLast(manager, settings, isMirror);
      lastId = found?.eventId ?? null;
      return found === null ? new Map() : new Map([[stream, found]]);
    },
    laneOf: () => stream,
    async send(messages) {
      const outcomes = await Promise.allSettled(messages.map(publish));
      // The server handles messages in order: after the first refusal it refuses all others.
      const failed = outcomes.findIndex(({ status }) => status === 'rejected');
      const outcome = outcomes[failed];
      if (outcome?.status !== 'rejected') return;
      throw toSendError(outcome.reason, messages[failed]);
    },
    async close() {
      await connection.close().catch(() => {});
    },
  };
}

/** Whether the stream has every event of the log, so that both have the same sequence numbers. */
function mirrorsLog({ from, filter }: NatsSettings): boolean {
  const isAll = filter.types.length === 0 && filter.contexts.length === 0;
  return isAll && (from === 'beginning' || from === 0);
}

async function ensureStream(manager: JetStreamManager, settings: NatsSettings): Promise<void> {
  const { stream, replicas, maxAgeDays, maxBytes } = settings;
  try {
    await manager.streams.info(stream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.status !== 404) throw error;
    await manager.streams.add({
      name: stream,
      subjects: ['daybook.>'],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: replicas,
      max_age: Math.round((maxAgeDays ?? 0) * 86_400e9),
      max_bytes: maxBytes ?? -1,
      discard: DiscardPolicy.New,
      duplicate_window: 120e9,
      deny_delete: true,
    });
  }
}

async function readLast(
  manager: JetStreamManager,
  { stream }: NatsSettings,
  isMirror: boolean,
): Promise<LastMessage | null> {
  const { state } = await manager.streams.info(stream);
  if (state.last_seq === 0) return null;
  const message = await manager.streams.getMessage(stream, { seq: state.last_seq });
  const last = message === null ? null : toLastMessage(message.header);
  if (last === null) {
    throw new BridgeParkedError(
      `the last message of the stream ${stream}, ${state.last_seq}, is gone or not from Daybook`,
    );
  }
  if (isMirror && last.sequence !== state.last_seq) {
    throw new BridgeParkedError(
      `message ${state.last_seq} of the stream ${stream} is event ${last.sequence}: ` +
        'the stream does not mirror the log',
    );
  }
  return last;
}

function toLastMessage(header: MsgHdrs): LastMessage | null {
  const sequence = Number(header.get('ce-sequence'));
  const eventId = header.get('ce-id');
  const ledger = header.get('ce-ledger');
  return sequence > 0 && eventId !== '' && ledger !== '' ? { sequence, eventId, ledger } : null;
}

function toHeaders(message: ChainedMessage): MsgHdrs {
  const all = headers();
  for (const [name, value] of attributesOf(message)) {
    if (name === 'datacontenttype') all.set('content-type', value);
    else all.set(`ce-${name}`, value);
  }
  return all;
}

function toSubject(contextOf: (type: string) => string, { key, attributes }: ChainedMessage) {
  const type = toEventType(attributes['type'] ?? '');
  return `daybook.${contextOf(type)}.${type}.${key}`;
}

function toSendError(reason: unknown, message: ChainedMessage | undefined): unknown {
  if (!(reason instanceof Error)) return reason;
  const code = reason instanceof JetStreamApiError ? reason.code : null;
  const isTooLarge = code === messageTooLarge || reason.message.includes('max_payload');
  if (isTooLarge) {
    return new BridgeParkedError(`event ${message?.sequence} is too large for NATS`, {
      cause: reason,
    });
  }
  if (code !== null && unexpectedLast.has(code)) {
    return new Error(`another publisher wrote to the stream: ${reason.message}`, { cause: reason });
  }
  return reason;
}
