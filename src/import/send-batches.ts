import type { Batch } from './batches.ts';
import { RefusedError } from './errors.ts';
import { createLanes } from './lanes.ts';
import type { MarketApi } from './market-api.ts';
import type { FileTally } from './tally.ts';

export interface SenderOptions {
  readonly api: MarketApi;
  readonly tally: FileTally;
  /** What stands beside the prices of the file; null: nothing. */
  readonly currency: string | null;
}

/** Records the batches of one file. */
export interface Sender {
  /** Waits for room only. Throws what ended an earlier batch. */
  send(batch: Batch): Promise<void>;
  /** Waits for all batches; throws as `send`. */
  finish(): Promise<void>;
}

const requestsMax = 4;
/** Batches read ahead of the server, those being sent among them. */
const batchesTakenMax = 16;

/** Batches of one symbol are sent in their order, those of different symbols beside each other. */
export function createSender({ api, tally, currency }: SenderOptions): Sender {
  const lanes = createLanes({ runningMax: requestsMax, takenMax: batchesTakenMax });
  const listings = new Map<string, Promise<void>>();

  async function record(batch: Batch): Promise<void> {
    const listing = listings.get(batch.symbol) ?? api.list(batch.symbol, currency);
    listings.set(batch.symbol, listing);
    await listing;
    tally.done(batch, await api.record(batch));
  }

  return {
    send: (batch) =>
      lanes.add(batch.symbol, () =>
        record(batch).catch((error) => {
          tally.refused(batch, `the server refuses: ${reasonOf(error)}`);
        }),
      ),
    finish: () => lanes.finish(),
  };
}

/** What the server says; throws what is no refusal. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedError) return `${error.code}, ${error.message}`;
  throw error;
}
