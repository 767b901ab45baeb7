import type { ApiClient } from '../import/api-client.ts';
import { InterruptedError, RefusedError, ServerError } from '../import/errors.ts';
import { delay } from '../lib/delay.ts';
import type { StatusDisplay } from './status-display.ts';
import { statusLine } from './status-line.ts';
import type { OrderTally } from './tally.ts';

/** Shows the status of the market until the signal fires. */
export async function reportStatus(
  client: ApiClient,
  readTally: () => OrderTally,
  { display, signal }: { readonly display: StatusDisplay; readonly signal: AbortSignal },
): Promise<void> {
  let lastPrices: ReadonlyMap<string, string> = new Map();
  let before = { orders: 0, atMs: performance.now() };
  while (!signal.aborted) {
    await delay(display.everyMs, signal);
    lastPrices = (await readLastPrices(client)) ?? lastPrices;
    const tally = readTally();
    const now = { orders: tally.orders, atMs: performance.now() };
    const rate = ((now.orders - before.orders) * 1_000) / (now.atMs - before.atMs);
    before = now;
    display.show(statusLine({ ...tally, rate, lastPrices }));
  }
}

/** Returns null if the server cannot be reached, which `runMarket` reports. */
async function readLastPrices(client: ApiClient): Promise<ReadonlyMap<string, string> | null> {
  const query = '{ instruments(first: 50) { nodes { symbol lastPrice } } }';
  type Node = { readonly symbol: string; readonly lastPrice: string | null };
  try {
    const { data } = await client.send<{ instruments: { nodes: readonly Node[] } }>(query, {}, 1);
    return new Map(
      data.instruments.nodes.map(({ symbol, lastPrice }) => [symbol, lastPrice ?? '']),
    );
  } catch (error) {
    const isExpected = [InterruptedError, RefusedError, ServerError].some(
      (kind) => error instanceof kind,
    );
    if (isExpected) return null;
    throw error;
  }
}
