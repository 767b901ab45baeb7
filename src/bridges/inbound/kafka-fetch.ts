import { FetchIsolationLevels, fetchV12 } from '@platformatic/kafka';
import { groupBy } from '../../lib/group-by.ts';
import { type CommittedPage, committedRecords } from '../targets/committed-records.ts';
import type { KafkaCluster } from '../targets/kafka-cluster.ts';

/** What was read of a partition, if there was anything. */
export interface PartitionPage extends CommittedPage {
  readonly partition: number;
}

const waitMs = 500;
const answerBytesMax = 1024 * 1024;
/** The broker sends a batch of records that is larger than this if it is the next one. */
const partitionBytesMax = 256 * 1024;

/**
 * Reads committed records of partitions, each from its offset on. Waits for records, half a second
 * at most.
 */
export async function fetchPages(
  cluster: KafkaCluster,
  topic: string,
  positions: ReadonlyMap<number, bigint>,
  signal: AbortSignal,
): Promise<readonly PartitionPage[]> {
  const { topics } = await cluster.metadata([topic], signal);
  const byLeader = groupBy(
    [...positions],
    ([partition]) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
  );
  const answers = await Promise.all(
    [...byLeader].map(([leader, wanted]) =>
      fetchFrom(cluster, leader, { topic, wanted: new Map(wanted) }, signal),
    ),
  );
  return answers.flat();
}

async function fetchFrom(
  cluster: KafkaCluster,
  leader: number,
  { topic, wanted }: { readonly topic: string; readonly wanted: ReadonlyMap<number, bigint> },
  signal: AbortSignal,
): Promise<readonly PartitionPage[]> {
  const connection = await cluster.connect(leader, signal);
  const partitions = [...wanted].map(([partition, fetchOffset]) => {
    const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    return { partition, fetchOffset, partitionMaxBytes: partitionBytesMax, ...epochs };
  });
  const topics = [{ topicId: topic, partitions }];
  const level = FetchIsolationLevels.READ_COMMITTED;
  const { responses } = await cluster.call('fetch', signal, () =>
    fetchV12.api.async(connection, waitMs, 1, answerBytesMax, level, 0, -1, topics, [], ''),
  );
  return responses.flatMap(({ partitions: found }) =>
    found.flatMap((answer) => {
      const { partitionIndex: partition } = answer;
      const from = wanted.get(partition) ?? 0n;
      const page = committedRecords(answer, from);
      return page.end === from ? [] : [{ partition, ...page }];
    }),
  );
}
