import {
  Admin,
  FetchIsolationLevels,
  fetchV12,
  IS_CONTROL,
  ListOffsetTimestamps,
} from '@platformatic/kafka';
import { until } from '../until.ts';

/** A committed record, as a consumer of another system reads it. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Runs work with an admin client. */
export async function withAdmin<T>(
  address: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 5 });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/**
 * All committed records of a topic, by partition and offset. Waits for open transactions: a broker
 * acknowledges one a moment before its records can be read. Not through the client's consumer,
 * which hands out the records of aborted transactions.
 */
export function readTopic(address: string, topic: string): Promise<readonly TopicRecord[]> {
  return withAdmin(address, async (admin) => {
    const { topics, brokers } = await admin.metadata({ topics: [topic] });
    const count = topics.get(topic)?.partitionsCount ?? 0;
    const { READ_COMMITTED, READ_UNCOMMITTED } = FetchIsolationLevels;
    const list = async (timestamp: bigint, isolationLevel: 0 | 1 = READ_COMMITTED) => {
      const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp,
      }));
      const [listed] = await admin.listOffsets({
        topics: [{ name: topic, partitions }],
        isolationLevel,
      });
      return new Map(
        listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]),
      );
    };
    const starts = await list(ListOffsetTimestamps.EARLIEST);
    const all = await list(ListOffsetTimestamps.LATEST, READ_UNCOMMITTED);
    let ends = new Map<number, bigint>();
    await until(async () => {
      ends = await list(ListOffsetTimestamps.LATEST);
      return [...all].every(([partition, end]) => (ends.get(partition) ?? 0n) >= end);
    }, 20_000);
    const [broker] = brokers.values();
    if (broker === undefined) throw new Error('no broker');
    const records: TopicRecord[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      let offset = starts.get(partition) ?? 0n;
      while (offset < (ends.get(partition) ?? 0n)) {
        const page = await fetchPage(admin, broker, { topic, partition, offset });
        records.push(...page.records);
        if (page.end === offset) break;
        offset = page.end;
      }
    }
    return records;
  });
}

async function fetchPage(
  admin: Admin,
  broker: { readonly host: string; readonly port: number },
  { topic, partition, offset }: { topic: string; partition: number; offset: bigint },
) {
  const connection = await admin.connections.get(broker);
  const [fetchOffset, partitionMaxBytes] = [offset, 8 << 20];
  const wanted = { partition, fetchOffset, partitionMaxBytes };
  const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
  const topics = [{ topicId: topic, partitions: [Object.assign(wanted, epochs)] }];
  const level = FetchIsolationLevels.READ_COMMITTED;
  const answer = await fetchV12.api.async(
    connection,
    100,
    1,
    8 << 20,
    level,
    0,
    -1,
    topics,
    [],
    '',
  );
  const [found] = answer.responses[0]?.partitions ?? [];
  const aborted = [...(found?.abortedTransactions ?? [])];
  const producers = new Set<bigint>();
  const records: TopicRecord[] = [];
  let end = offset;
  for (const batch of found?.records ?? []) {
    const first = batch.firstOffset;
    end = first + BigInt(batch.lastOffsetDelta) + 1n;
    for (const { producerId, firstOffset } of aborted.splice(0)) {
      if (firstOffset < end) producers.add(producerId);
      else aborted.push({ producerId, firstOffset });
    }
    if ((batch.attributes & IS_CONTROL) !== 0) producers.delete(batch.producerId);
    else if (!producers.has(batch.producerId)) {
      for (const { offsetDelta, key, value, headers } of batch.records) {
        const texts = headers.map(([name, text]) => [String(name), String(text)]);
        records.push({
          partition,
          offset: Number(first) + offsetDelta,
          key: key === null ? null : String(key),
          value: value === null ? null : String(value),
          headers: Object.fromEntries(texts),
        });
      }
    }
  }
  return { records: records.filter((record) => record.offset >= Number(offset)), end };
}
