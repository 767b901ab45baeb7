import {
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { NatsInboundSettings } from '../settings.ts';
import { connectNats } from '../targets/nats-connection.ts';
import type { Secrets } from '../targets/secrets.ts';
import {
  type CommandSource,
  type CommandSourceKind,
  deadLetterBody,
  deadLetterHeaders,
  type InboundMessage,
  keptHeaders,
} from './command-source.ts';
import {
  ackWaitMs,
  batchMax,
  ensureConsumer,
  ensureDeadLetters,
  toDurable,
  waitMs,
} from './nats-consumer.ts';

interface NatsMessage extends InboundMessage {
  readonly delivered: JsMsg;
  /** Undefined if there are none, or if they cannot be read. */
  readonly headers: MsgHdrs | undefined;
}

interface OpenStream {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly client: JetStreamClient;
  readonly consumer: Consumer;
}

const publishMs = 10_000;
/** The API allows this length of an idempotency key. */
const keyLengthMax = 200;

/**
 * A NATS JetStream stream, read by a durable pull consumer with explicit acknowledgements. The
 * bridge that has the lease is its only reader, so messages stay in order.
 */
export function natsSource(settings: NatsInboundSettings, secret: Secrets): CommandSourceKind {
  let lastNotice: string | undefined;
  return {
    async open(signal) {
      const connection = await connectNats(settings, secret);
      try {
        const manager = await jetstreamManager(connection);
        const notice = await ensureConsumer(manager, settings, signal);
        await ensureDeadLetters(manager, settings);
        const client = jetstream(connection, { timeout: publishMs });
        const consumer = await client.consumers.get(settings.stream, toDurable(settings));
        const stream = { connection, manager, client, consumer };
        const source = openSource(settings, stream) as CommandSource;
        // Once: it is the same each time the source is opened until another message is read.
        const isNew = notice !== undefined && notice !== lastNotice;
        lastNotice = notice;
        return isNew ? Object.assign(source, { notice }) : source;
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}

function openSource(
  settings: NatsInboundSettings,
  { connection, manager, client, consumer }: OpenStream,
): CommandSource<NatsMessage> {
  const { stream, deadLetter } = settings;
  /** The messages that are not acknowledged, by their sequence number in the stream. */
  const held = new Map<number, JsMsg>();
  // While the database is away, messages are held for longer than the server waits.
  const timer = setInterval(() => {
    for (const message of held.values()) message.working();
  }, ackWaitMs / 3);

  return {
    async next() {
      const messages: NatsMessage[] = [];
      for (const delivered of await pull(consumer)) {
        const message = toMessage(stream, delivered);
        if (delivered.subject === deadLetter || isDeadLetter(message)) {
          delivered.ack();
          continue;
        }
        held.set(delivered.seq, delivered);
        messages.push(message);
      }
      return messages;
    },
    async acknowledge(messages) {
      for (const { delivered } of messages) {
        delivered.ack();
        held.delete(delivered.seq);
      }
      await connection.flush();
    },
    async deadLetter(message, refusal) {
      const all = copyHeaders(message.headers);
      for (const [name, value] of deadLetterHeaders(settings.name, message, refusal)) {
        all.set(name, value);
      }
      all.set(letterHeader, deadLetter);
      // The id keeps a dead letter that is sent again from being stored twice.
      await client.publish(deadLetter, deadLetterBody(message), {
        headers: all,
        msgID: `dead:${settings.name}:${message.origin}`,
      });
    },
    async waiting() {
      const { num_pending, num_ack_pending } = await manager.consumers.info(
        stream,
        toDurable(settings),
      );
      return num_pending + num_ack_pending;
    },
    async close() {
      clearInterval(timer);
      await connection.close().catch(() => {});
    },
  };
}

/** Waits for a message; returns it with those that are available, so that none waits for others. */
async function pull(consumer: Consumer): Promise<readonly JsMsg[]> {
  const first = await consumer.next({ expires: waitMs });
  if (first === null) return [];
  const rest = Math.min(first.info.pending, batchMax - 1);
  const messages = [first];
  if (rest === 0) return messages;
  const others = await consumer.fetch({ max_messages: rest, expires: waitMs });
  for await (const message of others) messages.push(message);
  return messages;
}

function toMessage(stream: string, delivered: JsMsg): NatsMessage {
  const origin = `nats:${stream}/${delivered.seq}`;
  const own = readHeaders(delivered);
  const id = own?.get('Nats-Msg-Id') ?? '';
  // Another stream may have the same id.
  const key = `nats:${stream}:${id}`;
  const idempotencyKey = id === '' || key.length > keyLengthMax ? origin : key;
  return { origin, idempotencyKey, body: delivered.data, delivered, headers: own };
}

/** The subject to which a dead letter was published. */
const letterHeader = 'daybook-dead-letter';

/**
 * The stream may keep dead letters too, also those of other bridges. A dead letter that an operator
 * has published to a subject of commands is a command again.
 */
function isDeadLetter({ delivered, headers: own }: NatsMessage): boolean {
  return own?.get(letterHeader) === delivered.subject;
}

/** The client refuses some headers that the server accepts: the message goes on without them. */
function readHeaders(delivered: JsMsg): MsgHdrs | undefined {
  try {
    return delivered.headers;
  } catch {
    return undefined;
  }
}

/** The headers of a message without those that instruct the server. */
function copyHeaders(from: MsgHdrs | undefined): MsgHdrs {
  const names = (from?.keys() ?? []).filter((name) => !/^nats-/i.test(name));
  const all = names.flatMap((name) =>
    (from?.values(name) ?? []).map((value) => [name, value] as const),
  );
  const copy = headers();
  for (const [name, value] of keptHeaders(all)) copy.append(name, value);
  return copy;
}
