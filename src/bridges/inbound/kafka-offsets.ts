import { type Consumer, FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka';
import { BridgeParkedError } from '../errors.ts';

/**
 * Where the group continues in each partition: after what it has committed, or at the start. Throws
 * `BridgeParkedError` if the topic does not have what comes next.
 */
export async function startsOf(
  consumer: Consumer,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  if (partitions.length === 0) return new Map();
  const asked = [{ topic, partitions: [...partitions] }];
  const saved = (await consumer.listCommittedOffsets({ topics: asked })).get(topic) ?? [];
  const { EARLIEST, LATEST } = ListOffsetTimestamps;
  const earliest = await listOffsets(consumer, topic, EARLIEST);
  const ends = await listOffsets(consumer, topic, LATEST, FetchIsolationLevels.READ_UNCOMMITTED);
  return new Map(
    partitions.map((partition) => {
      const first = earliest[partition] ?? 0n;
      const offset = saved[partition] ?? -1n;
      if (offset < 0n) return [partition, first];
      const end = ends[partition] ?? 0n;
      if (offset > end) {
        throw new BridgeParkedError(
          `the group has committed offset ${offset} of ${topic}/${partition}, which ends at ` +
            `${end}: move the offset of the group, then retry the bridge`,
        );
      }
      if (offset >= first) return [partition, offset];
      throw new BridgeParkedError(
        `messages ${offset} to ${first - 1n} of ${topic}/${partition} were deleted before they ` +
          'were read: move the offset of the group, then retry the bridge',
      );
    }),
  );
}

/** The offset of each partition of a topic at a timestamp, by the number of the partition. */
export async function listOffsets(
  consumer: Consumer,
  topic: string,
  timestamp: bigint,
  isolationLevel: 0 | 1 = FetchIsolationLevels.READ_COMMITTED,
): Promise<readonly bigint[]> {
  const listed = await consumer.listOffsets({ topics: [topic], timestamp, isolationLevel });
  return listed.get(topic) ?? [];
}
