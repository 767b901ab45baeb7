import {
  Admin,
  type Connection,
  FetchIsolationLevels,
  fetchV12,
  IS_CONTROL,
  ListOffsetTimestamps,
  Reader,
  readRecordsBatches,
} from '@platformatic/kafka';
import { delay } from '../../../../src/lib/delay.ts';
import { until } from '../../../support/until.ts';
import type { Receiver } from './receivers.ts';

/** Record batches of one partition, and when they came. */
interface Fetched {
  readonly at: number;
  readonly bytes: Buffer;
}

interface FetchedPartition extends Pick<Fetched, 'bytes'> {
  readonly partition: number;
}

const receiveMs = 60_000;
const waitMs = 500;
const quietMs = 200;
const fetchKey = 1;
const fetchVersion = 12;

/**
 * A subscriber of committed records, which decodes them only once they are asked for. The client's
 * own consumer decodes them at once: at 10,000 records a second that took 0.4 of a core from the
 * processes that are measured.
 */
export async function receiveKafka(address: string, topic: string): Promise<Receiver> {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: [address], retries: 5 });
  const { topics, brokers } = await admin.metadata({ topics: [topic] });
  const [broker] = brokers.values();
  if (broker === undefined) throw new Error('Kafka has no broker');
  const connection = await admin.connections.get(broker);
  const positions = await readEnds(admin, topic, topics.get(topic)?.partitionsCount ?? 0);
  const pending: Fetched[] = [];
  const receivedAt = new Map<number, number>();
  let isStopped = false;
  let fetchedAt = performance.now();

  async function fetchAll(): Promise<void> {
    while (!isStopped) {
      const pages = await fetchBatches(connection, topic, positions);
      const at = performance.now();
      for (const { partition, bytes } of pages) {
        positions.set(partition, endOf(bytes, positions.get(partition) ?? 0n));
        pending.push({ at, bytes });
        fetchedAt = at;
      }
    }
  }
  let failure: unknown = null;
  const fetching = fetchAll().catch((error: unknown) => {
    failure = error;
  });
  return {
    receivedAt,
    async has(sequences) {
      while (performance.now() - fetchedAt < quietMs) await delay(quietMs);
      await until(() => {
        if (failure !== null) throw failure;
        for (const { at, bytes } of pending.splice(0)) {
          for (const sequence of sequencesIn(bytes)) receivedAt.set(sequence, at);
        }
        return sequences.every((sequence) => receivedAt.has(sequence));
      }, receiveMs);
    },
    async stop() {
      isStopped = true;
      await fetching;
      await admin.close();
    },
  };
}

/** Where the committed records end, by partition. */
async function readEnds(admin: Admin, topic: string, count: number): Promise<Map<number, bigint>> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: ListOffsetTimestamps.LATEST,
  }));
  const isolationLevel = FetchIsolationLevels.READ_COMMITTED;
  const [listed] = await admin.listOffsets({
    topics: [{ name: topic, partitions }],
    isolationLevel,
  });
  return new Map(listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
}

/** Waits until there are committed records after the positions, at most half a second. */
function fetchBatches(
  connection: Connection,
  topic: string,
  positions: ReadonlyMap<number, bigint>,
): Promise<readonly FetchedPartition[]> {
  const partitions = [...positions].map(([partition, fetchOffset]) => {
    const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    return { partition, fetchOffset, partitionMaxBytes: 1 << 20, ...epochs };
  });
  const level = FetchIsolationLevels.READ_COMMITTED;
  const wanted = [{ topicId: topic, partitions }];
  const write = () => fetchV12.createRequest(waitMs, 1, 8 << 20, level, 0, -1, wanted, [], '');
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, pages?: readonly FetchedPartition[]) =>
      error === null ? resolve(pages ?? []) : reject(error);
    connection.send(fetchKey, fetchVersion, write, readPages, true, true, answer);
  });
}

/** The record batches in an answer to Fetch, version 12, as they are. */
function readPages(_correlation: number, _key: number, _version: number, answer: Reader) {
  const pages: FetchedPartition[] = [];
  const [, failed] = [answer.readInt32(), answer.readInt16()];
  if (failed !== 0) throw new Error(`Kafka has refused to be read: error ${failed}`);
  answer.readInt32();
  answer.readArray((topic) => {
    topic.readString();
    topic.readArray((found) => {
      const [partition, error] = [found.readInt32(), found.readInt16()];
      if (error !== 0) throw new Error(`partition ${partition} cannot be read: error ${error}`);
      // Three offsets, the aborted transactions, and the replica to read from.
      found.position += 3 * 8;
      found.readArray((aborted) => [aborted.readInt64(), aborted.readInt64()]);
      found.readInt32();
      const size = found.readUnsignedVarInt() - 1;
      if (size <= 0) return;
      const bytes = Buffer.from(found.buffer.slice(found.position, found.position + size));
      found.position += size;
      pages.push({ partition, bytes });
    });
  });
  return pages;
}

/** The offset after the last whole batch, from the fields at the beginnings of the batches. */
function endOf(bytes: Buffer, from: bigint): bigint {
  let end = from;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const next = at + 12 + bytes.readInt32BE(at + 8);
    if (next > bytes.length) break;
    end = bytes.readBigInt64BE(at) + BigInt(bytes.readInt32BE(at + 23)) + 1n;
    at = next;
  }
  return end;
}

function sequencesIn(bytes: Buffer): readonly number[] {
  return readRecordsBatches(Reader.from(bytes))
    .filter(({ attributes }) => (attributes & IS_CONTROL) === 0)
    .flatMap(({ records }) => records)
    .flatMap(({ headers }) => headers.filter(([name]) => String(name) === 'ce_sequence'))
    .map(([, text]) => Number(String(text)));
}
