import { groupBy } from '../../lib/group-by.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import { attributesOf, type ChainedMessage, type Message } from '../message.ts';
import type { Target, TargetKind, TargetLanes } from '../target.ts';
import {
  type KafkaCluster,
  type KafkaConnectionFields,
  openKafkaCluster,
} from './kafka-cluster.ts';
import { KafkaRequestError } from './kafka-errors.ts';
import type { PartitionBatches } from './kafka-produce.ts';
import { createKafkaProducer, type KafkaProducer } from './kafka-producer.ts';
import { encodeRecords, type RecordBatch, RecordTooLargeError } from './kafka-records.ts';
import { type KafkaLane, OpenTransactionError, readKafkaTails } from './kafka-tail.ts';
import {
  ensureKafkaTopics,
  type KafkaTopic,
  readBatchLimits,
  readKafkaLanes,
  toTooLarge,
} from './kafka-topics.ts';
import { partitionOf } from './murmur2.ts';
import type { Secrets } from './secrets.ts';

export interface KafkaTargetOptions {
  readonly settings: KafkaConnectionFields;
  readonly secret: Secrets;
  /** Shuts out the predecessor: the same for every process that runs this bridge, and no other. */
  readonly transactionalId: string;
  readonly topics: readonly KafkaTopic[];
  readonly sharesSequences?: boolean;
  /** The topic of a message, which is one of `topics`. */
  topicOf(message: Message): string;
}

const batchMax = 2_000;
/** A transaction that takes longer has failed, for example because a partition has no leader. */
const sendMs = 30_000;

/**
 * Topics of a Kafka cluster. The lanes are partitions. Each batch is one transaction of an
 * idempotent producer. The bridge continues after the last committed record of each partition,
 * which it reads from the topics whenever the target is opened. It does not rely on transactions
 * alone.
 */
export function kafkaTarget(options: KafkaTargetOptions): TargetKind {
  const { settings, secret, sharesSequences = false } = options;
  return {
    batchMax,
    sharesSequences,
    async open(signal) {
      const cluster = openKafkaCluster(settings, secret);
      try {
        return await openTopics(cluster, options, signal);
      } catch (error) {
        await cluster.close();
        throw error;
      }
    },
  };
}

async function openTopics(
  cluster: KafkaCluster,
  { topics, topicOf, transactionalId }: KafkaTargetOptions,
  signal: AbortSignal,
): Promise<Target> {
  await ensureKafkaTopics(cluster, topics, signal);
  const lanesOf = await readKafkaLanes(cluster, topics, signal);
  const limits = await readBatchLimits(cluster, topics, signal);
  const lanes = new Map([...lanesOf.values()].flat().map((lane) => [lane.name, lane]));
  const producer = createKafkaProducer(cluster, transactionalId);
  const prepared = { lanes, limits };
  return {
    async last(over) {
      await producer.takeOver(over);
      return readTails(cluster, producer, [...lanes.values()], over);
    },
    partitions: new Map([...lanesOf].map(([topic, own]) => [topic, own.map(({ name }) => name)])),
    look: (over) => readKafkaTails(cluster, [...lanes.values()], over),
    laneOf(message) {
      const topic = topicOf(message);
      const count = lanesOf.get(topic)?.length ?? 0;
      return `${topic}-${partitionOf(message.key, count)}`;
    },
    async send(messages, over) {
      const parts = [...groupBy(messages, ({ lane }) => lane)].map(([lane, own]) =>
        toPart(prepared, lane, own),
      );
      try {
        await withTimeout(over, sendMs, (signal) => producer.send(parts, signal));
      } catch (error) {
        throw toSendError(error, parts);
      }
    },
    close: cluster.close,
  };
}

/**
 * Reads the last messages. A transaction of this producer may still be open, although it has taken
 * over: a broker that starts after a crash can find no leader of a partition, and then its
 * coordinator takes the partition for deleted and forgets it (seen with Kafka 4.3.1). Nothing else
 * would ever end that transaction. Its records are sent again.
 */
async function readTails(
  cluster: KafkaCluster,
  producer: KafkaProducer,
  lanes: readonly KafkaLane[],
  signal: AbortSignal,
): Promise<TargetLanes> {
  try {
    return await readKafkaTails(cluster, lanes, signal);
  } catch (error) {
    if (!(error instanceof OpenTransactionError)) throw error;
    await producer.abortOn(error.lanes, signal);
    return readKafkaTails(cluster, lanes, signal);
  }
}

interface Prepared {
  readonly lanes: ReadonlyMap<string, KafkaLane>;
  /** How large a batch may be, by topic. */
  readonly limits: ReadonlyMap<string, number>;
}

/** The messages of a lane, with what the errors need. */
interface Part extends PartitionBatches {
  readonly messages: readonly ChainedMessage[];
}

function toPart({ lanes, limits }: Prepared, name: string, messages: ChainedMessage[]): Part {
  const lane = lanes.get(name);
  if (lane === undefined) throw new Error(`there is no partition ${name}`);
  const { topic, partition, leader } = lane;
  const limit = limits.get(topic) ?? 0;
  return { topic, partition, leader, messages, batches: encode(topic, messages, limit) };
}

function encode(topic: string, messages: readonly ChainedMessage[], limit: number) {
  const records = messages.map((message) => ({
    key: message.key,
    value: message.data,
    headers: toHeaders(message),
  }));
  try {
    return encodeRecords(records, limit, Date.now());
  } catch (error) {
    if (!(error instanceof RecordTooLargeError)) throw error;
    const event = messages[error.index]?.sequence ?? 0;
    throw toTooLarge(topic, event, `${error.sizeBytes} bytes, the limit is ${limit}`, error);
  }
}

/** CloudEvents in the binary mode of its Kafka binding. */
function toHeaders(message: ChainedMessage): (readonly [string, string])[] {
  const headers = attributesOf(message);
  for (const header of headers) header[0] = toHeaderName(header[0]);
  return headers;
}

function toHeaderName(attribute: string): string {
  return attribute === 'datacontenttype' ? 'content-type' : `ce_${attribute}`;
}

/** Names an event of a batch that a broker has refused for its size. */
function toSendError(error: unknown, parts: readonly Part[]): unknown {
  if (!(error instanceof KafkaRequestError)) return error;
  if (!tooLarge.some((name) => error.names.has(name))) return error;
  const [largest] = parts.toSorted((a, b) => sizeOf(b.batches) - sizeOf(a.batches));
  if (largest === undefined) return error;
  const longest = largest.messages.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
  return toTooLarge(largest.topic, longest?.sequence ?? 0, 'the broker refused it', error);
}

const tooLarge = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

function sizeOf(batches: readonly RecordBatch[]): number {
  return Math.max(...batches.map(({ bytes }) => bytes.length));
}

function lengthOf({ data }: ChainedMessage): number {
  return data?.length ?? 0;
}
