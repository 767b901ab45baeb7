/** A record of Kinesis: records with the same key must be stored in order. */
export interface KeyedRecord {
  /** The id of the event. */
  readonly id: string;
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Records that must be sent, a round at a time. */
interface Rounds {
  /** The first record of each key, up to the limits of a call; empty once all were removed. */
  next(): readonly KeyedRecord[];
  /** Removes records of the last round that were accepted. */
  remove(records: readonly KeyedRecord[]): void;
}

const recordsMax = 500;
const bytesMax = 5 * 1024 * 1024;

/**
 * Splits records into calls of PutRecords, in each of which a key occurs once. Kinesis handles the
 * records of a call one by one, and one that fails does not stop the next: with two records of a
 * key in a call, the second can be stored and the first fail, and no repetition puts them in order.
 * So the second waits for the call after the one that stored the first. 200 events of 200, 40, 10
 * and 1 streams take 1, 5, 20 and 200 calls; PutRecord, the only call that keeps an order, takes
 * 200 in each case.
 */
export function createRounds(records: readonly KeyedRecord[]): Rounds {
  const queues = new Map<string, KeyedRecord[]>();
  for (const record of records) {
    const queue = queues.get(record.key);
    if (queue === undefined) queues.set(record.key, [record]);
    else queue.push(record);
  }
  return {
    next() {
      const round: KeyedRecord[] = [];
      let size = 0;
      for (const [first] of queues.values()) {
        if (first === undefined || round.length === recordsMax) break;
        size += first.bytes.length + Buffer.byteLength(first.key);
        if (size > bytesMax) break;
        round.push(first);
      }
      return round;
    },
    remove(removed) {
      for (const { key } of removed) {
        const queue = queues.get(key);
        queue?.shift();
        if (queue?.length === 0) queues.delete(key);
      }
    },
  };
}
