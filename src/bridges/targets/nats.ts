import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  PubHeaders,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { BridgeParkedError } from '../errors.ts';
import { type ChainedMessage, eachAttribute, toEventType } from '../message.ts';
import type { NatsSettings } from '../settings.ts';
import type { LastMessage, Target, TargetKind, TargetLanes } from '../target.ts';
import { connectNats } from './nats-connection.ts';
import { createNatsPublisher, type NatsMessage, NatsPublishError } from './nats-publish.ts';
import type { Secrets } from './secrets.ts';

interface NatsTargetOptions {
  readonly settings: NatsSettings;
  readonly secret: Secrets;
  /** The bounded context of each event type. */
  readonly contextOf: (type: string) => string;
}

const batchMax = 500;
/** The error code of JetStream for an unexpected last sequence. */
const unexpectedLast = 10071;
const messageTooLarge = 10054;
const subjectsOverlap = 10065;

/**
 * A NATS JetStream stream. Each message is published with the expected last sequence of the stream,
 * so the server refuses repeats and gaps. A bridge without a filter that begins at the first event
 * mirrors the log: the stream's sequence numbers are those of the log.
 *
 * The expected last message id was rejected: after a restart, nats-server knows the id of the last
 * message only if it is younger than the duplicate window.
 */
export function natsTarget({ settings, secret, contextOf }: NatsTargetOptions): TargetKind {
  return {
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
  const publisher = createNatsPublisher(connection);
  /** The sequence number of the last message in the stream, once all that was sent is stored. */
  let lastInStream = 0;

  function toNatsMessage(message: ChainedMessage): NatsMessage {
    let headers = `${toHeaders(message)}${PubHeaders.ExpectedStreamHdr}: ${stream}\r\n`;
    headers += `${PubHeaders.ExpectedLastSeqHdr}: ${lastInStream}\r\n`;
    lastInStream += 1;
    const subject = `${settings.subject}.${toSubject(contextOf, message)}`;
    return { subject, headers, data: message.data ?? '' };
  }

  return {
    async last() {
      const { end, lanes } = await readLanes(manager, settings, isMirror);
      lastInStream = end;
      return lanes;
    },
    look: async () => (await readLanes(manager, settings, isMirror)).lanes,
    laneOf: () => stream,
    async send(messages, signal) {
      try {
        const stored = await publisher.publish(messages.map(toNatsMessage), signal);
        if (isMirror) assertMirrored(stream, messages, stored);
      } catch (error) {
        // The server handles messages in order: after the first refusal it refuses all others.
        if (!(error instanceof NatsPublishError)) throw error;
        throw toSendError(error.cause, messages[error.index]);
      }
    },
    async close() {
      await connection.close().catch(() => {});
    },
  };
}

/** Throws if the stream has stored a message under another sequence number than the log. */
function assertMirrored(
  stream: string,
  messages: readonly ChainedMessage[],
  stored: readonly number[],
): void {
  messages.forEach(({ sequence }, index) => {
    if (stored[index] === sequence) return;
    throw new BridgeParkedError(
      `the stream ${stream} stored event ${sequence} as its message ${stored[index]}: ` +
        'give the bridge a new name and a new stream',
    );
  });
}

/** Whether the stream has every event of the log, so that both have the same sequence numbers. */
function mirrorsLog({ from, filter }: NatsSettings): boolean {
  const isAll = filter.types.length === 0 && filter.contexts.length === 0;
  return isAll && (from === 'beginning' || from === 0);
}

async function ensureStream(manager: JetStreamManager, settings: NatsSettings): Promise<void> {
  const { stream, subject, replicas, maxAgeDays, maxBytes } = settings;
  try {
    await manager.streams.info(stream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.status !== 404) throw error;
    const creating = manager.streams.add({
      name: stream,
      subjects: [`${subject}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: replicas,
      max_age: Math.round((maxAgeDays ?? 0) * 86_400e9),
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

async function readLanes(
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

/**
 * CloudEvents in the binary mode of its NATS binding: a line for each header. Values are
 * percent-encoded as in the HTTP binding, so that no value can end its line.
 */
function toHeaders(message: ChainedMessage): string {
  let lines = '';
  eachAttribute(message, (name, value) => {
    if (name === 'datacontenttype') lines += `content-type: ${value}\r\n`;
    else lines += `ce-${name}: ${toHeaderValue(value)}\r\n`;
  });
  return lines;
}

/** All characters that are not printable ASCII, and the space, the double quote and "%". */
const encoded = /[^\u0021\u0023\u0024\u0026-\u007e]/gu;
/** The same, for a test: most values have none, and the test takes less than half of the time. */
const someEncoded = /[^\u0021\u0023\u0024\u0026-\u007e]/;

function toHeaderValue(value: string): string {
  return someEncoded.test(value) ? value.replace(encoded, encodeURIComponent) : value;
}

function toSubject(contextOf: (type: string) => string, { key, attributes }: ChainedMessage) {
  const type = toEventType(attributes['type'] ?? '');
  return `${contextOf(type)}.${type}.${key}`;
}

function toSendError(reason: Error, message: ChainedMessage | undefined): Error {
  const code = reason instanceof JetStreamApiError ? reason.code : null;
  const isTooLarge = code === messageTooLarge || reason.message.includes('max_payload');
  if (isTooLarge) {
    return new BridgeParkedError(
      `event ${message?.sequence} is too large for NATS: raise max_payload of the server and ` +
        'max_msg_size of the stream, then retry the bridge',
      { cause: reason },
    );
  }
  if (code === unexpectedLast) {
    return new Error(`another publisher wrote to the stream: ${reason.message}`, { cause: reason });
  }
  return reason;
}
