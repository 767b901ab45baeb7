import { type Connection, produceV9, Writer } from '@platformatic/kafka';
import { groupBy } from '../../lib/group-by.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { type RecordBatch, stampBatch } from './kafka-records.ts';

/** Record batches of one partition, in order. */
export interface PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  /** The id of the broker that leads the partition. */
  readonly leader: number;
  readonly batches: readonly RecordBatch[];
}

/** A producer as the brokers know it since it has taken over. */
export interface ProducerSession {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The number of the next record of the producer, by partition. */
  readonly sequences: Map<string, number>;
}

interface Produce {
  readonly cluster: KafkaCluster;
  readonly session: ProducerSession;
  readonly signal: AbortSignal;
}

const produceMs = 10_000;
const produceKey = 0;
const produceVersion = 9;
const allReplicas = -1;
/** The number of a record starts again after the largest signed 32-bit number. */
const sequenceMask = 0x7fffffff;

/**
 * Sends batches to the leaders of their partitions, the batches of one partition one after the
 * other. Rejects if a batch was refused, or if it is not known whether it was taken.
 */
export async function produceAll(
  produce: Produce,
  parts: readonly PartitionBatches[],
): Promise<void> {
  const byLeader = [...groupBy(parts, ({ leader }) => leader)];
  const rounds = Math.max(...parts.map(({ batches }) => batches.length));
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(byLeader.map(([leader, led]) => produceRound(produce, leader, led, round)));
  }
}

/** Sends the batches number `round` of the partitions that one broker leads. */
async function produceRound(
  { cluster, session, signal }: Produce,
  leader: number,
  parts: readonly PartitionBatches[],
  round: number,
): Promise<void> {
  const connection = await cluster.connect(leader, signal);
  const sent = parts.flatMap((part) => {
    const batch = part.batches[round];
    if (batch === undefined) return [];
    stamp(session, part, batch);
    return [{ topic: part.topic, partition: part.partition, bytes: batch.bytes }];
  });
  if (sent.length === 0) return;
  await cluster.call('produce', signal, () => request(connection, session, sent));
}

function stamp(session: ProducerSession, part: PartitionBatches, batch: RecordBatch): void {
  const { producerId, producerEpoch, sequences } = session;
  const key = `${part.topic}-${part.partition}`;
  const firstSequence = sequences.get(key) ?? 0;
  stampBatch(batch, { producerId, producerEpoch, firstSequence });
  sequences.set(key, (firstSequence + batch.count) & sequenceMask);
}

interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

function request(
  connection: Connection,
  { transactionalId }: ProducerSession,
  sent: readonly SentBatch[],
): Promise<unknown> {
  const write = (): Writer =>
    Writer.create()
      .appendString(transactionalId)
      .appendInt16(allReplicas)
      .appendInt32(produceMs)
      .appendArray([...groupBy(sent, ({ topic }) => topic)], (topics, [topic, own]) => {
        topics.appendString(topic).appendArray(own, (partitions, { partition, bytes }) => {
          partitions
            .appendInt32(partition)
            .appendUnsignedVarInt(bytes.length + 1)
            .append(bytes);
        });
      })
      .appendTaggedFields();
  const { parseResponse } = produceV9;
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, response?: unknown) =>
      error === null ? resolve(response) : reject(error);
    connection.send(produceKey, produceVersion, write, parseResponse, true, true, answer);
  });
}
