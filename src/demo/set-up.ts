import type { ApiClient } from '../import/api-client.ts';
import { createLanes } from '../import/lanes.ts';
import { SetUpError } from './errors.ts';
import { recordHistory } from './price-history.ts';
import { command, send } from './set-up-commands.ts';
import { fromTicks, listing, sharesFor, stocks, toTicks } from './stocks.ts';
import { founder, makers, type Trader, takers } from './traders.ts';
import { waitForViews } from './wait-for-views.ts';

/** A stock with its prices, in ticks. */
export interface PricedStock {
  readonly symbol: string;
  /** The last price of the history. */
  readonly anchor: number;
  /** The last known price; after a restart, the price of a trade. */
  readonly lastPrice: number;
}

/**
 * Records everything that trading needs: the stocks, their history, the accounts, their cash and
 * their shares. A second run on the same data records nothing, because each command has a key or is
 * sent only if needed.
 */
export async function setUp(
  client: ApiClient,
  signal: AbortSignal,
): Promise<readonly PricedStock[]> {
  // This event comes first, because `assertOwnLog` recognizes the log by it.
  await send(client, [command('openAccount', openingOf(founder))]);
  for (const { symbol, name } of stocks) await list(client, symbol, name);
  await recordHistory(client, signal);
  await waitForViews(client);
  const priced = await Promise.all(stocks.map(({ symbol }) => readPrices(client, symbol)));
  const lanes = createLanes({ runningMax: 8, takenMax: 64 });
  for (const trader of [...makers, ...takers]) {
    await lanes.add(trader.accountId, () => equip(client, trader, priced));
  }
  await lanes.finish();
  await waitForViews(client);
  return priced;
}

/** The number of shares of a stock with which a trader begins. */
export function sharesAtFirst({ stake }: Trader, { anchor }: PricedStock): number {
  return sharesFor(stake, anchor);
}

/** Sets up a trader in one request: the account, its cash, and its shares of each stock. */
async function equip(
  client: ApiClient,
  trader: Trader,
  priced: readonly PricedStock[],
): Promise<void> {
  const { accountId, cash, symbols } = trader;
  const reference = 'to begin with';
  const shares = priced
    .filter(({ symbol }) => symbols.includes(symbol))
    .map((stock) => {
      const { symbol, anchor } = stock;
      const quantity = String(sharesAtFirst(trader, stock));
      const idempotencyKey = `demo shares ${accountId} ${symbol}`;
      const costPrice = fromTicks(anchor);
      return command('depositShares', {
        accountId,
        symbol,
        quantity,
        costPrice,
        reference,
        idempotencyKey,
      });
    });
  const amount = `${cash}.00`;
  const idempotencyKey = `demo cash ${accountId}`;
  await send(client, [
    command('openAccount', openingOf(trader)),
    command('depositCash', { accountId, amount, reference, idempotencyKey }),
    ...shares,
  ]);
}

function openingOf({ accountId, owner }: Pick<Trader, 'accountId' | 'owner'>): object {
  const { currency } = listing;
  return { accountId, owner, currency, idempotencyKey: `demo account ${accountId}` };
}

/** Lists a stock, unless another client has listed it: then its terms stay as they are. */
async function list(client: ApiClient, symbol: string, name: string): Promise<void> {
  const query = 'query Listed($symbol: ID!) { instrument(symbol: $symbol) { symbol } }';
  const { data } = await client.send<{ instrument: object | null }>(query, { symbol });
  if (data.instrument !== null) return;
  await send(client, [command('listInstrument', { symbol, name, ...listing })]);
}

async function readPrices(client: ApiClient, symbol: string): Promise<PricedStock> {
  const query = `query Prices($symbol: ID!) {
    instrument(symbol: $symbol) { lastPrice priceOn(time: "2010-03-01T00:00:00Z") }
  }`;
  type Data = { readonly instrument: Record<'lastPrice' | 'priceOn', string | null> };
  const { lastPrice, priceOn } = (await client.send<Data>(query, { symbol })).data.instrument;
  if (lastPrice === null || priceOn === null) throw new SetUpError(`${symbol} has no price`);
  return { symbol, anchor: toTicks(priceOn), lastPrice: toTicks(lastPrice) };
}
