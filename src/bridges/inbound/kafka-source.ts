import { ProduceAcks, Producer } from '@platformatic/kafka';
import { BridgeParkedError } from '../errors.ts';
import type { KafkaInboundSettings } from '../settings.ts';
import type { CommittedRecord } from '../targets/committed-records.ts';
import { type KafkaCluster, openKafkaCluster, toKafkaOptions } from '../targets/kafka-cluster.ts';
import { toKafkaError } from '../targets/kafka-errors.ts';
import { ensureKafkaTopics } from '../targets/kafka-topics.ts';
import type { Secrets } from '../targets/secrets.ts';
import {
  type CommandSource,
  type CommandSourceKind,
  deadLetterBody,
  deadLetterHeaders,
  type InboundMessage,
  keptHeaders,
} from './command-source.ts';
import { joinKafkaGroup, type KafkaGroup } from './kafka-group.ts';

interface KafkaMessage extends InboundMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[];
}

interface OpenTopic {
  readonly cluster: KafkaCluster;
  readonly group: KafkaGroup;
  /** Writes the dead letters. */
  readonly producer: Producer;
}

const batchMax = 256;
/** The longest key of a dead letter. The client takes seconds to hash a very long one. */
const keyBytesMax = 4 * 1024;

/**
 * A Kafka topic, read as a member of a consumer group. The bridge that has the lease is the only
 * member, unless others join the group; what was not committed before a rebalance is read again.
 * Only committed records are read.
 */
export function kafkaSource(settings: KafkaInboundSettings, secret: Secrets): CommandSourceKind {
  const { name, topic, group } = settings;
  return {
    async open(signal) {
      const client = toKafkaOptions(settings, secret);
      const cluster = openKafkaCluster(settings, secret);
      try {
        await ensureTopics(cluster, settings, signal);
        const member = `daybook-${name}`;
        const joined = await joinKafkaGroup({ client, cluster, topic, group, member }, signal);
        const producer = new Producer({ ...client, acks: ProduceAcks.ALL });
        return openSource(settings, { cluster, group: joined, producer }) as CommandSource;
      } catch (error) {
        await cluster.close();
        throw error;
      }
    },
  };
}

function openSource(
  settings: KafkaInboundSettings,
  { cluster, group, producer }: OpenTopic,
): CommandSource<KafkaMessage> {
  const { name, topic, deadLetter } = settings;
  /** What was read under the assignment `generation` and not returned yet. */
  let buffer: KafkaMessage[] = [];
  let generation = 0;
  /** The offset after all that was read of each partition, with markers and aborted records. */
  const ends = new Map<number, bigint>();

  function forget(): void {
    buffer = [];
    ends.clear();
  }
  /** Where the group continues in the partitions of messages that are done. */
  function offsetsAfter(messages: readonly KafkaMessage[]): ReadonlyMap<number, bigint> {
    return new Map(messages.map(({ partition, offset }) => [partition, offset + 1n]));
  }
  return {
    async next(signal) {
      if (generation !== group.generation()) forget();
      if (buffer.length === 0) {
        // All messages before these offsets are acknowledged: the rest is no message.
        await group.commit(ends);
        forget();
        const read = await group.read(signal);
        generation = read.generation;
        for (const page of read.pages) {
          const { partition, records, end } = page;
          const messages = records.map((record) => toMessage(topic, partition, record));
          buffer.push(...messages);
          const last = records.at(-1)?.offset ?? -1n;
          if (last + 1n < end) ends.set(partition, end);
        }
      }
      return buffer.splice(0, batchMax);
    },
    acknowledge: (messages) => group.commit(offsetsAfter(messages)),
    async deadLetter(message, refusal) {
      const headers = new Map<Buffer, Buffer>();
      const own = message.headers.map(
        ([header, value]) => [header ?? Buffer.alloc(0), value ?? Buffer.alloc(0)] as const,
      );
      for (const [header, value] of keptHeaders(own)) headers.set(header, value);
      for (const [header, value] of deadLetterHeaders(name, message, refusal)) {
        headers.set(Buffer.from(header), Buffer.from(value));
      }
      const key = message.key?.subarray(0, keyBytesMax) ?? null;
      const value = Buffer.from(deadLetterBody(message));
      const letter = { topic: deadLetter, value, headers, ...(key === null ? {} : { key }) };
      await producer.send({ messages: [letter], acks: ProduceAcks.ALL }).catch((error: unknown) => {
        throw toKafkaError('produce', error);
      });
    },
    waiting: () => group.lag(),
    async close() {
      await group.close();
      for (const [, connection] of producer.connections) connection.socket?.destroy();
      await producer.close().catch(() => {});
      await cluster.close();
    },
  };
}

function toMessage(
  topic: string,
  partition: number,
  { offset, record: { key, value, headers } }: CommittedRecord,
): KafkaMessage {
  const origin = `kafka:${topic}/${partition}/${offset}`;
  const body = value ?? Buffer.alloc(0);
  return { origin, idempotencyKey: origin, body, partition, offset, key, headers };
}

/** Parks the bridge if its topic does not exist. Creates the topic of the dead letters. */
async function ensureTopics(
  cluster: KafkaCluster,
  { topic, deadLetter }: KafkaInboundSettings,
  signal: AbortSignal,
): Promise<void> {
  const existing = await cluster.call('list topics', signal, () => cluster.admin.listTopics());
  if (!existing.includes(topic)) {
    throw new BridgeParkedError(`there is no topic ${topic}: create it, then retry the bridge`);
  }
  const letters = { name: deadLetter, partitions: 1, replicas: undefined, isCompacted: false };
  await ensureKafkaTopics(cluster, [letters], signal);
}
