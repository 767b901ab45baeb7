import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { delay } from '../../lib/delay.ts';
import { BridgeParkedError } from '../errors.ts';
import type { NatsInboundSettings } from '../settings.ts';
import { connectNats } from '../targets/nats-connection.ts';
import type { Secrets } from '../targets/secrets.ts';
import {
  type CommandSource,
  type CommandSourceKind,
  deadLetterBody,
  deadLetterHeaders,
  type InboundMessage,
} from './command-source.ts';

interface NatsMessage extends InboundMessage {
  readonly delivered: JsMsg;
}

interface OpenStream {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly client: JetStreamClient;
  readonly consumer: Consumer;
}

/** A message has a megabyte at most, unless the server is configured otherwise. */
const batchMax = 128;
const waitMs = 1_000;
/** After this time the server delivers again what was not acknowledged. */
const ackWaitMs = 5_000;
const publishMs = 10_000;

/**
 * A NATS JetStream stream, read by a durable pull consumer with explicit acknowledgements. The
 * bridge that has the lease is its only reader, so messages stay in order.
 */
export function natsSource(settings: NatsInboundSettings, secret: Secrets): CommandSourceKind {
  return {
    async open(signal) {
      const connection = await connectNats(settings, secret);
      try {
        const manager = await jetstreamManager(connection);
        await ensureConsumer(manager, settings, signal);
        await ensureDeadLetters(manager, settings);
        const client = jetstream(connection, { timeout: publishMs });
        const consumer = await client.consumers.get(settings.stream, toDurable(settings));
        return openSource(settings, { connection, manager, client, consumer }) as CommandSource;
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
        // The stream may keep the dead letters too.
        if (delivered.subject === deadLetter) {
          delivered.ack();
          continue;
        }
        held.set(delivered.seq, delivered);
        messages.push(toMessage(stream, delivered));
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
      const { delivered, idempotencyKey } = message;
      const all = copyHeaders(delivered.headers);
      for (const [name, value] of deadLetterHeaders(settings.name, message, refusal)) {
        all.set(name, value);
      }
      // The id keeps a dead letter that is sent again from being stored twice.
      await client.publish(deadLetter, deadLetterBody(message), {
        headers: all,
        msgID: `dead:${settings.name}:${idempotencyKey}`,
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
  const place = `nats:${stream}/${delivered.seq}`;
  const id = delivered.headers?.get('Nats-Msg-Id') ?? '';
  return { place, idempotencyKey: id === '' ? place : id, body: delivered.data, delivered };
}

/** The headers of a message without those that instruct the server. */
function copyHeaders(from: MsgHdrs | undefined): MsgHdrs {
  const copy = headers();
  for (const name of from?.keys() ?? []) {
    if (/^nats-/i.test(name)) continue;
    for (const value of from?.values(name) ?? []) copy.append(name, value);
  }
  return copy;
}

/** The name of the consumer; NATS does not allow "." in it. */
function toDurable({ name }: NatsInboundSettings): string {
  return `daybook-${name.replaceAll('.', '_')}`;
}

async function ensureConsumer(
  manager: JetStreamManager,
  settings: NatsInboundSettings,
  signal: AbortSignal,
): Promise<void> {
  const { stream, subject } = settings;
  const durable = toDurable(settings);
  const config: Partial<ConsumerConfig> = {
    ack_wait: ackWaitMs * 1e6,
    max_ack_pending: batchMax,
    ...(subject === undefined ? {} : { filter_subject: subject }),
  };
  await manager.streams.info(stream).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new BridgeParkedError(`there is no stream ${stream}: create it, then retry the bridge`);
  });
  const known = await manager.consumers.info(stream, durable).catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
  if (known === null) {
    await manager.consumers.add(stream, {
      ...config,
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_deliver: -1,
    });
  } else {
    await manager.consumers.update(stream, durable, config);
    // The predecessor has left messages behind. Later ones must not come before them: wait until
    // the server delivers them again, which it does in order and before all others.
    if (known.num_ack_pending > 0) await delay(ackWaitMs + waitMs, signal);
  }
}

/** Creates a stream for the dead letters unless one keeps their subject. */
async function ensureDeadLetters(
  manager: JetStreamManager,
  { name, deadLetter }: NatsInboundSettings,
): Promise<void> {
  const found = await manager.streams.find(deadLetter).catch(() => null);
  if (found !== null) return;
  await manager.streams.add({
    name: `DAYBOOK_DEAD_${name.replaceAll('.', '_')}`,
    subjects: [deadLetter],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === 404;
}
