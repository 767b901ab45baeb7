import { JetStreamApiError, jetstreamManager, PubHeaders } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { BridgeParkedError } from '../errors.ts';
import { type ChainedMessage, eachAttribute, toEventType } from '../message.ts';
import type { NatsSettings } from '../settings.ts';
import type { Target, TargetKind } from '../target.ts';
import { connectNats } from './nats-connection.ts';
import { createNatsPublisher, type NatsMessage, NatsPublishError } from './nats-publish.ts';
import { ensureStream, readLanes } from './nats-stream.ts';
import type { Secrets } from './secrets.ts';

interface NatsTargetOptions {
  readonly settings: NatsSettings;
  readonly secret: Secrets;
  /** The bounded context of each event type. */
  readonly contextOf: (type: string) => string;
}

const batchMax = 500;
/** The error codes of JetStream for an unexpected last sequence, and an unexpected last id. */
const unexpectedLast: ReadonlySet<number | null> = new Set([10071, 10070]);
const messageTooLarge = 10054;

/**
 * A NATS JetStream stream. Each message is published with the expected last sequence of the stream,
 * so the server refuses repeats and gaps. A bridge without a filter that begins at the first event
 * mirrors the log: the stream's sequence numbers are those of the log.
 *
 * Within a batch, each message also names the id of the message before it. Without it, a message of
 * another publisher would take the sequence number of the first message of a batch, which the
 * server would refuse, and the second would then have the expected number. The first message of a
 * batch names no id: after a restart, nats-server knows the id of the last message only if it is
 * younger than the duplicate window.
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
  await ensureStream(manager, settings, isMirror);
  const publisher = createNatsPublisher(connection);
  /** The sequence number of the last message in the stream, once all that was sent is stored. */
  let lastInStream = 0;

  function toNatsMessage(message: ChainedMessage, before: ChainedMessage | undefined): NatsMessage {
    let headers = `${toHeaders(message)}${PubHeaders.ExpectedStreamHdr}: ${stream}\r\n`;
    headers += `${PubHeaders.MsgIdHdr}: ${message.eventId}\r\n`;
    headers += `${PubHeaders.ExpectedLastSeqHdr}: ${lastInStream}\r\n`;
    if (before !== undefined) {
      headers += `${PubHeaders.ExpectedLastMsgIdHdr}: ${before.eventId}\r\n`;
    }
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
        const published = messages.map((each, index) => toNatsMessage(each, messages[index - 1]));
        const stored = await publisher.publish(published, signal);
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
  return `${contextOf(type)}.${type}.${key.replaceAll(unfitForSubject, toPercentEncoded)}`;
}

/** What a subject of NATS must not have; ids of people are any text. */
const unfitForSubject = /[^\w.^-]|\.(?=\.|$)/gu;

function toPercentEncoded(character: string): string {
  const bytes = [...Buffer.from(character)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
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
  if (unexpectedLast.has(code)) {
    return new Error(`another publisher wrote to the stream: ${reason.message}`, { cause: reason });
  }
  return reason;
}
