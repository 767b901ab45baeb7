import { type fetchV12, IS_CONTROL, IS_TRANSACTIONAL, type KafkaRecord } from '@platformatic/kafka';

type FetchAnswer = Awaited<ReturnType<typeof fetchV12.api.async>>;
type FetchedPartition = FetchAnswer['responses'][number]['partitions'][number];

export interface CommittedRecord {
  readonly offset: bigint;
  readonly record: KafkaRecord;
}

export interface CommittedPage {
  readonly records: readonly CommittedRecord[];
  /** The offset at which the next page begins. */
  readonly end: bigint;
}

/**
 * The records of an answer to a read-committed Fetch request, from an offset on: without markers
 * and without the records of aborted transactions. Pure.
 *
 * The client's own consumer was rejected: it passes on the records of an aborted transaction whose
 * marker is not in the same answer.
 */
export function committedRecords(
  { records: batches = [], abortedTransactions }: FetchedPartition,
  from: bigint,
): CommittedPage {
  const records: CommittedRecord[] = [];
  const aborted = [...(abortedTransactions ?? [])];
  /** The producers whose transaction at this point is aborted. */
  const aborting = new Set<bigint>();
  let end = from;
  for (const { attributes, producerId, firstOffset, lastOffsetDelta, records: own } of batches) {
    const next = firstOffset + BigInt(lastOffsetDelta) + 1n;
    if (next > end) end = next;
    for (const transaction of aborted.splice(0)) {
      if (transaction.firstOffset < next) aborting.add(transaction.producerId);
      else aborted.push(transaction);
    }
    if ((attributes & IS_CONTROL) !== 0) {
      aborting.delete(producerId);
    } else if ((attributes & IS_TRANSACTIONAL) === 0 || !aborting.has(producerId)) {
      for (const record of own) {
        const offset = firstOffset + BigInt(record.offsetDelta);
        if (offset >= from) records.push({ offset, record });
      }
    }
  }
  return { records, end };
}
