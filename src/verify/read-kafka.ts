import { FetchIsolationLevels, fetchV12, ListOffsetTimestamps } from '@platformatic/kafka';
import { type CommittedRecord, committedRecords } from '../bridges/targets/committed-records.ts';
import {
  type KafkaCluster,
  type KafkaConnectionFields,
  openKafkaCluster,
} from '../bridges/targets/kafka-cluster.ts';
import type { Secrets } from '../bridges/targets/secrets.ts';
import { type StreamMessage, type StreamPages, toContent } from './stream-message.ts';

const fetchMs = 500;
const fetchBytesMax = 4 << 20;

interface TopicRead {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly signal: AbortSignal;
}

/** A partition of a topic: the broker that leads it, and the offsets to read. */
interface PartitionRange {
  readonly partition: number;
  readonly leader: number;
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * The committed records that a Kafka topic holds at the time of the call, one partition after the
 * other.
 */
export async function* readKafka(
  { topic, ...settings }: KafkaConnectionFields & { readonly topic: string },
  { secret, signal }: { readonly secret: Secrets; readonly signal: AbortSignal },
): StreamPages {
  const cluster = openKafkaCluster(settings, secret);
  try {
    const read = { cluster, topic, signal };
    for (const range of await readRanges(read)) yield* readPartition(read, range);
  } finally {
    await cluster.close();
  }
}

async function readRanges(read: TopicRead): Promise<readonly PartitionRange[]> {
  const { cluster, topic, signal } = read;
  const { topics } = await cluster.metadata([topic], signal);
  const leaders = (topics.get(topic)?.partitions ?? []).map(({ leader }) => leader);
  const starts = await listOffsets(read, leaders.length, ListOffsetTimestamps.EARLIEST);
  const ends = await listOffsets(read, leaders.length, ListOffsetTimestamps.LATEST);
  return leaders.map((leader, partition) => ({
    partition,
    leader,
    start: starts.get(partition) ?? 0n,
    end: ends.get(partition) ?? 0n,
  }));
}

async function listOffsets(
  { cluster, topic, signal }: TopicRead,
  count: number,
  timestamp: bigint,
): Promise<ReadonlyMap<number, bigint>> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => {
    return { partitionIndex, timestamp };
  });
  const isolationLevel = FetchIsolationLevels.READ_COMMITTED;
  const [listed] = await cluster.call('list offsets', signal, () =>
    cluster.admin.listOffsets({ topics: [{ name: topic, partitions }], isolationLevel }),
  );
  return new Map(
    (listed?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset]),
  );
}

async function* readPartition(
  read: TopicRead,
  { partition, leader, start, end }: PartitionRange,
): StreamPages {
  const { cluster, topic, signal } = read;
  if (start >= end) return;
  const lane = `${topic}-${partition}`;
  const connection = await cluster.connect(leader, signal);
  let offset = start;
  while (offset < end) {
    const wanted = {
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: fetchBytesMax,
    };
    const topics = [{ topicId: topic, partitions: [wanted] }];
    const { responses } = await cluster.call('fetch', signal, () =>
      fetchV12.api.async(
        connection,
        fetchMs,
        1,
        fetchBytesMax,
        FetchIsolationLevels.READ_COMMITTED,
        0,
        -1,
        topics,
        [],
        '',
      ),
    );
    const [found] = responses[0]?.partitions ?? [];
    if (found === undefined) throw new Error(`Kafka returned nothing for ${lane}`);
    const page = committedRecords(found, offset);
    if (page.end === offset) throw new Error(`${lane} has no records at offset ${offset}`);
    yield page.records.map((record) => toStreamMessage(lane, record));
    offset = page.end;
  }
}

function toStreamMessage(lane: string, { offset, record }: CommittedRecord): StreamMessage {
  const headers = new Map(record.headers.map(([name, value]) => [String(name), String(value)]));
  const attribute = (name: string) => headers.get(`ce_${name}`);
  return { lane, location: `offset ${offset}`, ...toContent(attribute) };
}
