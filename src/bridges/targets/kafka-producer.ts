import {
  addPartitionsToTxnV3,
  type Connection,
  endTxnV3,
  initProducerIdV4,
  produceV9,
  Writer,
} from '@platformatic/kafka';
import { delay } from '../../lib/delay.ts';
import { groupBy } from '../../lib/group-by.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { KafkaRequestError } from './kafka-errors.ts';
import { type RecordBatch, stampBatch } from './kafka-records.ts';

/** Record batches of one partition, in order. */
export interface PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  /** The id of the broker that leads the partition. */
  readonly leader: number;
  readonly batches: readonly RecordBatch[];
}

/** A producer whose transactions shut out every other producer of the same transactional id. */
interface KafkaProducer {
  /**
   * Shuts out the predecessor: its open transaction is aborted, and nothing that it sends from now
   * on is accepted. Waits until what it has committed can be read.
   */
  takeOver(signal: AbortSignal): Promise<void>;
  /** Sends records in one transaction. If it throws, they may or may not be committed. */
  send(parts: readonly PartitionBatches[], signal: AbortSignal): Promise<void>;
}

/** For how long a crashed producer holds up readers of committed records if nobody takes over. */
const transactionMs = 60_000;
const produceMs = 10_000;
const produceKey = 0;
const produceVersion = 9;
const allReplicas = -1;
/** A sequence number in a partition starts again after the largest signed 32-bit number. */
const sequenceMask = 0x7fffffff;

/**
 * Creates a producer on the requests of the Kafka protocol. The client's own producer was rejected:
 * it begins with the producer id 0 instead of none, adds partitions with a version of the request
 * that is reserved for brokers, and waits a fixed time for the transaction before.
 */
export function createKafkaProducer(cluster: KafkaCluster, transactionalId: string): KafkaProducer {
  const connections = new Map<number, Connection>();
  const sequences = new Map<string, number>();
  let coordinator: Connection | null = null;
  let producerId = -1n;
  let producerEpoch = -1;

  async function connectionTo(broker: number, signal: AbortSignal): Promise<Connection> {
    const known = connections.get(broker);
    if (known !== undefined) return known;
    const connection = await cluster.connect(broker, signal);
    connections.set(broker, connection);
    return connection;
  }
  function stamp({ topic, partition }: PartitionBatches, batch: RecordBatch): void {
    const key = `${topic}-${partition}`;
    const firstSequence = sequences.get(key) ?? 0;
    stampBatch(batch, { producerId, producerEpoch, firstSequence });
    sequences.set(key, (firstSequence + batch.count) & sequenceMask);
  }
  /** Sends the batches number `round` of the partitions that one broker leads. */
  async function produce(
    leader: number,
    parts: readonly PartitionBatches[],
    { round, signal }: { readonly round: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const connection = await connectionTo(leader, signal);
    const sent = parts.flatMap((part) => {
      const batch = part.batches[round];
      if (batch === undefined) return [];
      stamp(part, batch);
      return [{ topic: part.topic, partition: part.partition, bytes: batch.bytes }];
    });
    if (sent.length === 0) return;
    await cluster.call('produce', signal, () => sendProduce(connection, transactionalId, sent));
  }

  return {
    async takeOver(signal) {
      const connection = await cluster.connectToCoordinator(transactionalId, signal);
      const answer = await onceFree(signal, () =>
        cluster.call('init producer id', signal, () =>
          initProducerIdV4.api.async(connection, transactionalId, transactionMs, -1n, -1),
        ),
      );
      coordinator = connection;
      ({ producerId, producerEpoch } = answer);
      sequences.clear();
    },
    async send(parts, signal) {
      const connection = coordinator;
      if (connection === null) throw new Error('the producer has not taken over');
      const topics = partitionsByTopic(parts);
      const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics };
      await onceFree(signal, () =>
        cluster.call('add partitions', signal, () =>
          addPartitionsToTxnV3.api.async(connection, [transaction]),
        ),
      );
      const rounds = Math.max(...parts.map(({ batches }) => batches.length));
      const byLeader = [...groupBy(parts, ({ leader }) => leader)];
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(byLeader.map(([leader, led]) => produce(leader, led, { round, signal })));
      }
      await onceFree(signal, () =>
        cluster.call('end transaction', signal, () =>
          endTxnV3.api.async(connection, transactionalId, producerId, producerEpoch, true),
        ),
      );
    },
  };
}

/** Sends a request again while the transaction before is still being finished by the brokers. */
async function onceFree<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return await request();
    } catch (error) {
      const isBusy = error instanceof KafkaRequestError && error.names.has(busy);
      if (!isBusy || signal.aborted) throw error;
      await delay(pauseMs, signal);
    }
  }
}

const busy = 'CONCURRENT_TRANSACTIONS';

function partitionsByTopic(parts: readonly PartitionBatches[]) {
  return [...groupBy(parts, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition }) => partition),
  }));
}

interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** One Produce request; rejects if a batch was refused. */
function sendProduce(
  connection: Connection,
  transactionalId: string,
  sent: readonly SentBatch[],
): Promise<unknown> {
  const request = (): Writer =>
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
    connection.send(produceKey, produceVersion, request, parseResponse, true, true, answer);
  });
}
