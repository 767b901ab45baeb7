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
export interface KafkaProducer {
  /**
   * Shuts out the predecessor: its open transaction is aborted, and nothing that it sends from now
   * on is accepted. Waits until what it has committed can be read.
   */
  takeOver(signal: AbortSignal): Promise<void>;
  /**
   * Aborts what this producer has open on partitions even if its coordinator does not know of it,
   * which `takeOver` does not. Does not touch the transactions of other producers. Then takes over
   * again, so that it waits until the transaction is over.
   */
  abortOn(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void>;
  /** Sends records in one transaction. If it throws, they may or may not be committed. */
  send(parts: readonly PartitionBatches[], signal: AbortSignal): Promise<void>;
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

interface Transaction {
  readonly partitions: readonly TopicPartition[];
  readonly end: 'commit' | 'abort';
  readonly signal: AbortSignal;
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

  async function takeOver(signal: AbortSignal): Promise<void> {
    const { coordinator, answer } = await onceFree(signal, async () => {
      // Found for each attempt: a broker that has just started may not be the coordinator yet.
      const found = await cluster.connectToCoordinator(transactionalId, signal);
      const ask = () => initProducerIdV4.api.async(found, transactionalId, transactionMs, -1n, -1);
      return {
        coordinator: found,
        answer: await cluster.call('init producer id', signal, ask),
      };
    });
    const { producerId, producerEpoch } = answer;
    const sequences = new Map<string, number>();
    taken = { coordinator, session: { transactionalId, producerId, producerEpoch, sequences } };
  }

  /** Runs work between the beginning of a transaction on partitions and its end. */
  async function transact(
    { partitions, end, signal }: Transaction,
    work: (session: ProducerSession) => Promise<void>,
  ): Promise<void> {
    if (taken === null) throw new Error('the producer has not taken over');
    const { coordinator, session } = taken;
    const { producerId, producerEpoch } = session;
    const topics = partitionsByTopic(partitions);
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics };
    const begin = () => addPartitionsToTxnV3.api.async(coordinator, [transaction]);
    await onceFree(signal, () => cluster.call('add partitions', signal, begin));
    await work(session);
    const isCommit = end === 'commit';
    const finish = () =>
      endTxnV3.api.async(coordinator, transactionalId, producerId, producerEpoch, isCommit);
    await onceFree(signal, () => cluster.call(end, signal, finish));
  }
  return {
    takeOver,
    async abortOn(partitions, signal) {
      await transact({ partitions, end: 'abort', signal }, async () => {});
      await takeOver(signal);
    },
    send: (parts, signal) =>
      transact({ partitions: parts, end: 'commit', signal }, (session) =>
        produceAll({ cluster, session, signal }, parts),
      ),
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

function partitionsByTopic(partitions: readonly TopicPartition[]) {
  return [...groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition }) => partition),
  }));
}
