import {
  type Connection,
  type KafkaRecord as FetchedRecord,
  FetchIsolationLevels,
  fetchV12,
  ListOffsetTimestamps,
} from '@platformatic/kafka';
import { groupBy } from '../../lib/group-by.ts';
import { BridgeParkedError } from '../errors.ts';
import type { LastMessage, TargetLanes } from '../target.ts';
import { type CommittedPage, committedRecords } from './committed-records.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

/** A partition of a topic of the bridge, which is a lane. */
export interface KafkaLane {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  /** The id of the broker that leads the partition. */
  readonly leader: number;
}

/**
 * Transactions are open on partitions, so that the records after their start cannot be read yet.
 */
export class OpenTransactionError extends Error {
  readonly code = 'OPEN_TRANSACTION';
  constructor(readonly lanes: readonly KafkaLane[]) {
    super(`another producer has an open transaction on ${lanes[0]?.name}`);
  }
}

const fetchMs = 500;
/** How many partitions are read at a time. */
const readsMax = 8;
const fetchBytesMax = 4 << 20;
/** Few at first: only one control record follows the last record, and records come in batches. */
const windowFirst = 4n;

/**
 * Reads the last committed message of every lane in the topics themselves. Must be called after
 * the predecessor was shut out. Throws `OpenTransactionError` if a producer has an open transaction
 * on a partition.
 */
export async function readKafkaTails(
  cluster: KafkaCluster,
  lanes: readonly KafkaLane[],
  signal: AbortSignal,
): Promise<TargetLanes> {
  const ranges = await readRanges(cluster, lanes, signal);
  const found: [string, LastMessage | null][] = [];
  for (let index = 0; index < lanes.length; index += readsMax) {
    const some = lanes.slice(index, index + readsMax).map(async (lane) => {
      const { start, end } = ranges.get(lane.name) ?? { start: 0n, end: 0n };
      const connection = await cluster.connect(lane.leader, signal);
      const last = await readLastRecord({ cluster, connection, lane, signal }, start, end);
      if (last !== null) found.push([lane.name, toLastMessage(lane, last)]);
      // Removed offsets may have been those of committed records.
      else if (start > 0n) found.push([lane.name, null]);
    });
    await Promise.all(some);
  }
  return new Map(found);
}

interface Range {
  /** The offset of the first record that is kept. */
  readonly start: bigint;
  /** The offset after the last record. */
  readonly end: bigint;
}

async function readRanges(
  { admin, call }: KafkaCluster,
  lanes: readonly KafkaLane[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Range>> {
  const { READ_COMMITTED, READ_UNCOMMITTED } = FetchIsolationLevels;
  const list = async (timestamp: bigint, isolationLevel: 0 | 1) => {
    const topics = [...groupBy(lanes, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition }) => ({ partitionIndex: partition, timestamp })),
    }));
    const listed = await call('list offsets', signal, () =>
      admin.listOffsets({ topics, isolationLevel }),
    );
    return new Map(
      listed.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, offset }) => [`${name}-${partitionIndex}`, offset]),
      ),
    );
  };
  const starts = await list(ListOffsetTimestamps.EARLIEST, READ_UNCOMMITTED);
  const stable = await list(ListOffsetTimestamps.LATEST, READ_COMMITTED);
  const ends = await list(ListOffsetTimestamps.LATEST, READ_UNCOMMITTED);
  const open = lanes.filter(({ name }) => (stable.get(name) ?? 0n) < (ends.get(name) ?? 0n));
  if (open.length > 0) throw new OpenTransactionError(open);
  return new Map(
    lanes.map(({ name }) => [name, { start: starts.get(name) ?? 0n, end: ends.get(name) ?? 0n }]),
  );
}

interface TailRead {
  readonly cluster: KafkaCluster;
  readonly connection: Connection;
  readonly lane: KafkaLane;
  readonly signal: AbortSignal;
}

/** The last committed record in a range of offsets; null if there is none. */
async function readLastRecord(
  read: TailRead,
  start: bigint,
  end: bigint,
): Promise<FetchedRecord | null> {
  let to = end;
  let window = windowFirst;
  while (to > start) {
    const from = to - window > start ? to - window : start;
    const last = await lastRecordBetween(read, from, to);
    if (last !== null) return last;
    to = from;
    window *= 8n;
  }
  return null;
}

async function lastRecordBetween(
  read: TailRead,
  from: bigint,
  to: bigint,
): Promise<FetchedRecord | null> {
  let last: FetchedRecord | null = null;
  let offset = from;
  while (offset < to) {
    const { records, end } = await fetchCommitted(read, offset);
    last = records.at(-1)?.record ?? last;
    // There is a batch before the stable offset: a broker over a quota answers with nothing.
    if (end === offset) throw new Error(`Kafka returned no records of ${read.lane.name}`);
    offset = end;
  }
  return last;
}

/** The committed records from an offset on, as many as one answer has, and where they end. */
async function fetchCommitted(
  { cluster, connection, lane, signal }: TailRead,
  offset: bigint,
): Promise<CommittedPage> {
  const { topic, partition } = lane;
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: offset,
    lastFetchedEpoch: -1,
    partitionMaxBytes: fetchBytesMax,
  };
  const topics = [{ topicId: topic, partitions: [wanted] }];
  const { READ_COMMITTED } = FetchIsolationLevels;
  const { responses } = await cluster.call('fetch', signal, () =>
    fetchV12.api.async(
      connection,
      fetchMs,
      1,
      fetchBytesMax,
      READ_COMMITTED,
      0,
      -1,
      topics,
      [],
      '',
    ),
  );
  const [found] = responses[0]?.partitions ?? [];
  if (found === undefined) return { records: [], end: offset };
  return committedRecords(found, offset);
}

function toLastMessage({ name }: KafkaLane, { headers }: FetchedRecord): LastMessage {
  const texts = new Map(headers.map(([key, value]) => [String(key), String(value)]));
  const sequence = Number(texts.get('ce_sequence'));
  const eventId = texts.get('ce_eventid') ?? texts.get('ce_id');
  const ledger = texts.get('ce_ledger');
  if (eventId === undefined || ledger === undefined || !(sequence > 0)) {
    const fault = `the last record of ${name} is not from Daybook: use another topic`;
    throw new BridgeParkedError(fault);
  }
  return { sequence, eventId, ledger };
}
