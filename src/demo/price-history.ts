import { createRequire } from 'node:module';
import path from 'node:path';
import type { ApiClient } from '../import/api-client.ts';
import { importFile } from '../import/import-file.ts';
import { openMarketApi } from '../import/market-api.ts';
import { createTally } from '../import/tally.ts';
import { SetUpError } from './errors.ts';
import { listing } from './stocks.ts';

/** The file with prices of the five stocks at the start of each month from 2000 to 2010. */
function historyFile(): string {
  const main = createRequire(import.meta.url).resolve('vega-datasets');
  return path.join(path.dirname(main), '../data/stocks.csv');
}

/** Records the history as `import-prices` does; prices already recorded are skipped. */
export async function recordHistory(client: ApiClient, signal: AbortSignal): Promise<void> {
  const currency = { code: listing.currency, isRequired: true };
  const api = await openMarketApi(client, currency);
  const tally = createTally();
  const columns = { price: null, time: null };
  const progress = { start() {}, update() {}, stop() {} };
  const file = tally.file(historyFile());
  const settings = { symbol: null, columns };
  await importFile(historyFile(), { settings, api, tally: file, progress, signal });
  const [fault] = tally.faults;
  if (fault !== undefined)
    throw new SetUpError(`the price history cannot be recorded: ${fault.fault}`);
}
