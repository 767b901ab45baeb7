import type { Worker } from '../worker.ts';

/** The log that the bridges copy, in its own database. */
export interface EventLog {
  readonly url: string;
  head(): Promise<number>;
  /** Appends events until there are at least `events`. */
  fillTo(events: number): Promise<void>;
}

const batchSize = 1_000;
const lanes = 3;
const streamsPerLane = 250;

/** `worker`: a process of `log-worker.ts` that has been started on the database. */
export function createEventLog(worker: Worker, url: string): EventLog {
  const head = () => worker.call<number>('head');
  return {
    url,
    head,
    async fillTo(events) {
      const missing = events - (await head());
      if (missing <= 0) return;
      const batches = Math.ceil(missing / batchSize);
      await worker.call('record', { batches, batchSize, lanes, streamsPerLane });
    },
  };
}
