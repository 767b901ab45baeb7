import type { PriceBatch } from './batches.ts';
import { createDifferences, type Difference, overriddenLines } from './differences.ts';
import { RefusedError } from './errors.ts';
import { createLanes } from './lanes.ts';
import type { MarketApi } from './market-api.ts';
import { createOverlap } from './overlap.ts';
import type { FileTally } from './tally.ts';

/** What to do with prices that were recorded before but differ from the prices known now. */
export type Repeat = 'ignore' | 'report' | 'record';

interface SenderOptions {
  readonly api: MarketApi;
  readonly tally: FileTally;
  /** The currency sign or code beside the prices of the file; null if there is none. */
  readonly currency: string | null;
  readonly repeat: Repeat;
}

/** Records the batches of one file. */
export interface Sender {
  /** Waits until the batch can be taken, not for its end. Throws the error of an earlier batch. */
  send(batch: PriceBatch): Promise<void>;
  /** Waits for all batches; throws like `send`. */
  finish(): Promise<void>;
  /** Call after all batches. Reports prices that differ from those known now, or records them. */
  settle(): Promise<void>;
}

const requestsMax = 4;
/** The most batches that have been read but not recorded, including those being sent. */
const batchesTakenMax = 16;

/** Sends batches of one symbol in their order, and of different symbols concurrently. */
export function createSender({ api, tally, currency, repeat }: SenderOptions): Sender {
  const lanes = createLanes({ runningMax: requestsMax, takenMax: batchesTakenMax });
  const listings = new Map<string, Promise<string | null>>();
  const differences = createDifferences();
  const overridden: number[] = [];
  const overlap = createOverlap({ api, tally, differences });

  async function record(batch: PriceBatch): Promise<void> {
    const listing = listings.get(batch.symbol) ?? api.list(batch.symbol, currency);
    listings.set(batch.symbol, listing);
    const lastPriceAt = await listing;
    overridden.push(...overriddenLines(batch).slice(0, linesShownMax + 1 - overridden.length));
    differences.override(batch);
    const outcome = repeat === 'ignore' ? 'OPEN' : await overlap.record(batch, lastPriceAt);
    if (outcome === 'DONE') return;
    const isNew = outcome === 'OPEN' && (await api.record(batch));
    tally.done(batch, isNew);
    if (!isNew && repeat !== 'ignore') await check(batch);
  }

  async function check(batch: PriceBatch): Promise<void> {
    const times = differences.timesOf(batch);
    if (times.length === 0) return;
    try {
      differences.compare(batch, await api.pricesOn(batch.symbol, times));
    } catch (error) {
      const fault = 'already there, but the prices known now cannot be read';
      tally.report({ ...startOf(batch), fault: `${fault}: ${reasonOf(error)}`, text: null });
    }
  }

  return {
    send: (batch) =>
      lanes.add(batch.symbol, () =>
        record(batch).catch((error) => {
          tally.refused(batch, `the server rejects the rows: ${reasonOf(error)}`);
        }),
      ),
    finish: () => lanes.finish(),
    async settle() {
      if (repeat !== 'ignore' && overridden.length > 0) tally.note(overriddenNote(overridden));
      const found = differences.all();
      if (repeat === 'record') await recordAgain({ api, tally }, found);
      else tally.differs(found);
      if (differences.isFull()) tally.notCompared();
    },
  };
}

const linesShownMax = 5;

function overriddenNote(lines: readonly number[]): string {
  const shown = lines.slice(0, linesShownMax).join(', ');
  const more = lines.length > linesShownMax ? ' and more' : '';
  return `has two prices for one time; the later row counts, not line ${shown}${more}`;
}

type Recording = Pick<SenderOptions, 'api' | 'tally'>;

const rowsMax = 1_000;

async function recordAgain(recording: Recording, all: readonly Difference[]): Promise<void> {
  const bySymbol = new Map<string, Difference[]>();
  for (const difference of all) {
    const own = bySymbol.get(difference.symbol) ?? [];
    bySymbol.set(difference.symbol, own);
    own.push(difference);
  }
  for (const [symbol, own] of bySymbol) {
    for (let start = 0; start < own.length; start += rowsMax) {
      await recordPart(recording, symbol, own.slice(start, start + rowsMax));
    }
  }
}

async function recordPart(
  { api, tally }: Recording,
  symbol: string,
  part: readonly Difference[],
): Promise<void> {
  try {
    const prices = part.map(({ price, occurredAt }) => ({ price, occurredAt }));
    await api.recordAgain(symbol, prices);
    tally.recordedAgain(symbol, part.length);
  } catch (error) {
    const fault = `the server rejects the repeated rows: ${reasonOf(error)}`;
    tally.report({ line: part[0]?.line ?? 0, symbol, fault, text: null });
  }
}

function startOf({ symbol, lines }: PriceBatch) {
  return { line: lines[0], symbol };
}

/** The reason that the server gives; throws any error that is not a `RefusedError`. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedError) return `${error.code}, ${error.message}`;
  throw error;
}
