import {
  addPartitionsToTxnV3,
  type Connection,
  endTxnV3,
  initProducerIdV4,
} from '@platformatic/kafka';
import { delay } from '../../lib/delay.ts';
import { groupBy } from '../../lib/group-by.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { KafkaRequestError } from './kafka-errors.ts';
import { type PartitionBatches, type ProducerSession, produceAll } from './kafka-produce.ts';

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

/** How long a crashed producer blocks readers of committed records if none takes over. */
const transactionMs = 60_000;

/**
 * Creates a producer on the requests of the Kafka protocol. The client's own producer was rejected:
 * it begins with the producer id 0 instead of none, adds partitions with a version of the request
 * that is reserved for brokers, and waits a fixed time for the previous transaction.
 */
export function createKafkaProducer(cluster: KafkaCluster, transactionalId: string): KafkaProducer {
  let taken: { readonly coordinator: Connection; readonly session: ProducerSession } | null = null;
  return {
    async takeOver(signal) {
      const { coordinator, answer } = await onceFree(signal, async () => {
        // Found for each attempt: a broker that has just started may not be the coordinator yet.
        const found = await cluster.connectToCoordinator(transactionalId, signal);
        const ask = () =>
          initProducerIdV4.api.async(found, transactionalId, transactionMs, -1n, -1);
        return {
          coordinator: found,
          answer: await cluster.call('init producer id', signal, ask),
        };
      });
      const { producerId, producerEpoch } = answer;
      const sequences = new Map<string, number>();
      taken = { coordinator, session: { transactionalId, producerId, producerEpoch, sequences } };
    },
    async send(parts, signal) {
      if (taken === null) throw new Error('the producer has not taken over');
      const { coordinator, session } = taken;
      const { producerId, producerEpoch } = session;
      const topics = partitionsByTopic(parts);
      const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics };
      const begin = () => addPartitionsToTxnV3.api.async(coordinator, [transaction]);
      await onceFree(signal, () => cluster.call('add partitions', signal, begin));
      await produceAll({ cluster, session, signal }, parts);
      const commit = () =>
        endTxnV3.api.async(coordinator, transactionalId, producerId, producerEpoch, true);
      await onceFree(signal, () => cluster.call('commit', signal, commit));
    },
  };
}

/** Repeats a request while the brokers finish the previous transaction, or have just started. */
async function onceFree<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
    try {
      return await request();
    } catch (error) {
      if (!isBusy(error) || signal.aborted) throw error;
      await delay(pauseMs, signal);
    }
  }
}

const pauseMsMax = 50;
const busyNames = [
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
];

function isBusy(error: unknown): boolean {
  if (!(error instanceof KafkaRequestError)) return false;
  return busyNames.some((name) => error.names.has(name));
}

function partitionsByTopic(parts: readonly PartitionBatches[]) {
  return [...groupBy(parts, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition }) => partition),
  }));
}
