import { type BaseOptions, Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import { delay } from '../../lib/delay.ts';
import { unlessAborted } from '../../lib/unless-aborted.ts';
import type { KafkaCluster } from '../targets/kafka-cluster.ts';
import { fetchPages, type PartitionPage } from './kafka-fetch.ts';
import { listOffsets, startsOf } from './kafka-offsets.ts';

/** What was read under one assignment of partitions. */
interface GroupPages {
  readonly generation: number;
  readonly pages: readonly PartitionPage[];
}

/** A member of a consumer group that reads one topic. */
export interface KafkaGroup {
  /** Raised by each assignment of partitions. */
  generation(): number;
  /**
   * Reads on in the assigned partitions. Waits for records, about half a second at most. The first
   * call under an assignment begins at the offsets that the group has committed.
   */
  read(signal: AbortSignal): Promise<GroupPages>;
  /** Saves the offset at which the group continues in each partition. */
  commit(offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** The number of offsets between what is committed and the end of the assigned partitions. */
  lag(): Promise<number>;
  close(): Promise<void>;
}

interface KafkaGroupOptions {
  readonly client: BaseOptions;
  /** The same cluster, for reading. */
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly group: string;
  /** The name of the member: a member that joins under it replaces its predecessor at once. */
  readonly member: string;
}

const sessionMs = 10_000;
const rebalanceMs = 20_000;
const heartbeatMs = 2_000;
/** A broker answers a request to join once all members have joined or are gone. */
const joinMs = 30_000;
const leaveMs = 2_000;
/** How long a member without partitions waits. */
const idleMs = 500;

/** Joins the group. It stays a member while it sends heartbeats, however long it works. */
export async function joinKafkaGroup(
  options: KafkaGroupOptions,
  signal: AbortSignal,
): Promise<KafkaGroup> {
  const { cluster, topic } = options;
  // Before the assignment, which may have more partitions, but no fewer.
  const partitions = await countPartitions(cluster, topic, signal);
  const membership = createMembership(options, partitions);
  const { consumer } = membership;
  try {
    consumer.topics.track(topic);
    await cluster.call('join group', signal, () => consumer.joinGroup({}));
    return createGroup(options, membership, partitions);
  } catch (error) {
    await membership.close();
    throw error;
  }
}

type Membership = ReturnType<typeof createMembership>;

function createMembership({ client, group, member }: KafkaGroupOptions, partitions: number) {
  const consumer = new Consumer({
    ...client,
    requestTimeout: joinMs,
    groupId: group,
    // A member that joins again under the same id gets its former assignment, without partitions
    // that were added: so the id changes with their number.
    groupInstanceId: `${member}-${partitions}`,
    autocommit: false,
    sessionTimeout: sessionMs,
    rebalanceTimeout: rebalanceMs,
    heartbeatInterval: heartbeatMs,
  });
  let failure: Error | null = null;
  let generation = 0;
  consumer.on('consumer:group:join', () => {
    generation += 1;
  });
  // The member cannot join again after a failed heartbeat: the source is opened again.
  consumer.on('error', (error: Error) => {
    failure = error;
  });
  // After an error that is not the group's, the client sends no more heartbeats.
  consumer.on('consumer:heartbeat:error', ({ error }) => {
    failure = error;
  });
  return {
    consumer,
    generation: () => generation,
    assertJoined(): void {
      if (failure !== null) throw failure;
    },
    async close(): Promise<void> {
      // Without an answer, the broker removes the member when its session ends.
      const leave = async (): Promise<void> => consumer.close(true);
      await unlessAborted(
        leave().catch(() => {}),
        AbortSignal.timeout(leaveMs),
      );
      for (const [, connection] of consumer.connections) connection.socket?.destroy();
    },
  };
}

/** `partitions`: the number of partitions of the topic when the member joined. */
function createGroup(
  { cluster, topic }: KafkaGroupOptions,
  membership: Membership,
  partitions: number,
): KafkaGroup {
  const { consumer, generation } = membership;
  /** The next offset to read and the committed one, by partition, under the assignment `loaded`. */
  const positions = new Map<number, bigint>();
  const committed = new Map<number, bigint>();
  let loaded = 0;

  async function load(): Promise<void> {
    const asked = generation();
    const assigned = consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
    const starts = await startsOf(consumer, topic, assigned);
    if (asked !== generation()) return load();
    for (const map of [positions, committed]) map.clear();
    for (const [partition, start] of starts) {
      positions.set(partition, start);
      committed.set(partition, start);
    }
    loaded = asked;
  }
  return {
    generation,
    async read(signal) {
      membership.assertJoined();
      if (loaded !== generation()) await load();
      const asked = loaded;
      // Partitions are assigned to members that join: the source is opened again.
      if ((await countPartitions(cluster, topic, signal)) !== partitions) {
        throw new Error(`the number of partitions of ${topic} has changed`);
      }
      if (positions.size === 0) {
        await delay(idleMs, signal);
        return { generation: asked, pages: [] };
      }
      const pages = await fetchPages(cluster, topic, positions, signal);
      // Partitions were assigned meanwhile: what was read may be another member's.
      if (asked !== generation()) return { generation: asked, pages: [] };
      for (const { partition, end } of pages) {
        // The broker fills an answer in the order of the request: these come last in the next one.
        positions.delete(partition);
        positions.set(partition, end);
      }
      return { generation: asked, pages };
    },
    async commit(offsets) {
      if (offsets.size === 0) return;
      await consumer.commit({
        offsets: [...offsets].map(([partition, offset]) => {
          return { topic, partition, offset, leaderEpoch: -1 };
        }),
      });
      for (const [partition, offset] of offsets) {
        if (committed.has(partition)) committed.set(partition, offset);
      }
    },
    async lag() {
      // Before the first read, it is not known yet what is committed.
      if (loaded === 0) await load();
      const ends = await listOffsets(consumer, topic, ListOffsetTimestamps.LATEST);
      let lag = 0;
      for (const [partition, offset] of committed) lag += Number((ends[partition] ?? 0n) - offset);
      return Math.max(0, lag);
    },
    close: membership.close,
  };
}

async function countPartitions(
  cluster: KafkaCluster,
  topic: string,
  signal: AbortSignal,
): Promise<number> {
  const { topics } = await cluster.metadata([topic], signal);
  return topics.get(topic)?.partitionsCount ?? 0;
}
