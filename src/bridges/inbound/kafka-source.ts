import { Admin, type BaseOptions, ProduceAcks, Producer } from '@platformatic/kafka';
import { BridgeParkedError } from '../errors.ts';
import type { KafkaInboundSettings } from '../settings.ts';
import type { Secrets } from '../targets/secrets.ts';
import {
  type CommandSource,
  type CommandSourceKind,
  deadLetterHeaders,
  type InboundMessage,
} from './command-source.ts';
import { joinKafkaGroup, type KafkaGroup } from './kafka-group.ts';
import { toKafkaOptions } from './kafka-options.ts';

interface KafkaMessage extends InboundMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[];
}

const batchMax = 256;
const replicasUsual = 3;

/**
 * A Kafka topic, read as a member of a consumer group. The bridge that has the lease is the only
 * member, unless others join the group; what was not committed before a rebalance is read again.
 * Only committed records are read.
 */
export function kafkaSource(settings: KafkaInboundSettings, secret: Secrets): CommandSourceKind {
  const { name, topic, group } = settings;
  return {
    async open() {
      const client = toKafkaOptions(settings, secret);
      await ensureTopics(client, settings);
      const joined = await joinKafkaGroup({ client, topic, group, member: `daybook-${name}` });
      const producer = new Producer({ ...client, acks: ProduceAcks.ALL });
      return openSource(settings, joined, producer) as CommandSource;
    },
  };
}

function openSource(
  settings: KafkaInboundSettings,
  group: KafkaGroup,
  producer: Producer,
): CommandSource<KafkaMessage> {
  const { name, topic, deadLetter } = settings;
  /** What was read and not returned yet; of the assignment with this number. */
  let buffer: KafkaMessage[] = [];
  let generation = 0;
  /** The offset after all that was read of each partition, with markers and aborted records. */
  const ends = new Map<number, bigint>();

  /** Where the group continues in the partitions of messages that are done. */
  function offsetsAfter(messages: readonly KafkaMessage[]): ReadonlyMap<number, bigint> {
    return new Map(messages.map(({ partition, offset }) => [partition, offset + 1n]));
  }
  return {
    async next(signal) {
      if (generation !== group.generation()) {
        buffer = [];
        ends.clear();
        generation = group.generation();
      }
      if (buffer.length === 0) {
        // All messages before these offsets are acknowledged: the rest is no message.
        await group.commit(ends);
        ends.clear();
        const pages = await group.read(signal);
        if (generation !== group.generation()) return [];
        for (const { partition, records, end } of pages) {
          const own = records.map(({ offset, record }): KafkaMessage => {
            const place = `kafka:${topic}/${partition}/${offset}`;
            const { key, value, headers } = record;
            const body = value ?? Buffer.alloc(0);
            return { place, idempotencyKey: place, body, partition, offset, key, headers };
          });
          buffer.push(...own);
          if ((own.at(-1)?.offset ?? -1n) + 1n < end && end > 0n) ends.set(partition, end);
        }
      }
      return buffer.splice(0, batchMax);
    },
    acknowledge: (messages) => group.commit(offsetsAfter(messages)),
    async deadLetter(message, refusal) {
      const headers = new Map<Buffer, Buffer>();
      for (const [header, value] of message.headers) {
        headers.set(header ?? Buffer.alloc(0), value ?? Buffer.alloc(0));
      }
      for (const [header, value] of deadLetterHeaders(name, message, refusal)) {
        headers.set(Buffer.from(header), Buffer.from(value));
      }
      const { key } = message;
      const value = Buffer.from(message.body);
      const letter = { topic: deadLetter, value, headers, ...(key === null ? {} : { key }) };
      await producer.send({ messages: [letter], acks: ProduceAcks.ALL });
    },
    waiting: () => group.lag(),
    async close() {
      await group.close();
      await producer.close().catch(() => {});
    },
  };
}

/** Parks the bridge if its topic does not exist; creates that of the dead letters if it does not. */
async function ensureTopics(
  client: BaseOptions,
  { topic, deadLetter }: KafkaInboundSettings,
): Promise<void> {
  const admin = new Admin(client);
  try {
    const existing = new Set(await admin.listTopics());
    if (!existing.has(topic)) {
      throw new BridgeParkedError(`there is no topic ${topic}: create it, then retry the bridge`);
    }
    if (existing.has(deadLetter)) return;
    const { brokers } = await admin.metadata({ topics: [] });
    const replicas = Math.min(replicasUsual, brokers.size);
    await admin.createTopics({ topics: [deadLetter], partitions: 1, replicas });
  } finally {
    await admin.close().catch(() => {});
  }
}
