import type { PriceBatch } from './batches.ts';
import { createDifferences, type Difference, overriddenLines } from './differences.ts';
import { RefusedError } from './errors.ts';
import { createLanes } from './lanes.ts';
import type { MarketApi } from './market-api.ts';
import { createOverlap } from './overlap.ts';
import type { FileTally } from './tally.ts';

/** What is done about prices that were there already, while others are known now. */
export type Repeat = 'ignore' | 'report' | 'record';

export interface SenderOptions {
  readonly api: MarketApi;
  readonly tally: FileTally;
  /** What stands beside the prices of the file; null: nothing. */
  readonly currency: string | null;
  readonly repeat: Repeat;
}

/** Records the batches of one file. */
export interface Sender {
  /** Waits for room only. Throws what ended an earlier batch. */
  send(batch: PriceBatch): Promise<void>;
  /** Waits for all batches; throws as `send`. */
  finish(): Promise<void>;
  /** After all batches: reports the prices that differ from those known now, or records them. */
  settle(): Promise<void>;
}

const requestsMax = 4;
/** Batches read ahead of the server, those being sent among them. */
const batchesTakenMax = 16;

/** Batches of one symbol are sent in their order, those of different symbols beside each other. */
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
      const fault = 'already there, but what is known now cannot be read';
      tally.report({ ...placeOf(batch), fault: `${fault}: ${reasonOf(error)}`, text: null });
    }
  }

  return {
    send: (batch) =>
      lanes.add(batch.symbol, () =>
        record(batch).catch((error) => {
          tally.refused(batch, `the server refuses: ${reasonOf(error)}`);
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
  return `has two prices for one time, of which the later row counts: see line ${shown}${more}`;
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
    const fault = `the server refuses to record again: ${reasonOf(error)}`;
    tally.report({ line: part[0]?.line ?? 0, symbol, fault, text: null });
  }
}

function placeOf({ symbol, lines }: PriceBatch) {
  return { line: lines[0], symbol };
}

/** What the server says; throws what is no refusal. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedError) return `${error.code}, ${error.message}`;
  throw error;
}
