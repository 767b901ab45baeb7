import type { ApiClient } from './api-client.ts';
import { type PriceBatch, toKey } from './batches.ts';
import { standsFor } from './currency-sign.ts';
import { RefusedError } from './errors.ts';
import { createKnownPrices } from './known-prices.ts';
import type { PriceHistory } from './price-history.ts';
import type { PricePoint } from './price-row.ts';
import { accepted, type Rejected } from './rejected.ts';
import { toVisible } from './visible.ts';

const headQuery = 'query Head { log { sequence } }';
const instrumentQuery = `query Instrument($symbol: ID!) {
  instrument(symbol: $symbol) { currency lastPriceAt }
}`;
const list = `mutation List($input: ListInstrumentInput!) {
  listInstrument(input: $input) { __typename ... on Error { code message } }
}`;
const record = `mutation Record($input: RecordPricesInput!) {
  recordPrices(input: $input) {
    __typename
    ... on RecordPricesPayload { sequence replayed }
    ... on Error { code message }
  }
}`;

/** The part of the API that an import uses. */
export interface MarketApi {
  /**
   * Lists the instrument if it is not listed yet. Returns the time of its last known price; null if
   * none is known. Throws `RefusedError`, also if the currency of the instrument does not match
   * `sign`, the currency sign or code beside the prices.
   */
  list(symbol: string, sign: string | null): Promise<string | null>;
  /** Whether exactly this batch was recorded before. Throws `RefusedError`. */
  isRecorded(batch: PriceBatch): Promise<boolean>;
  /** All recorded prices of an instrument; null if there are too many. Throws `RefusedError`. */
  history(symbol: string): Promise<PriceHistory | null>;
  /** Returns true if recorded now, false if recorded before. Throws `RefusedError`. */
  record(batch: Pick<PriceBatch, 'symbol' | 'prices'>): Promise<boolean>;
  /**
   * The prices known now at the times, in their order; null if none is known. They include
   * everything that the server has confirmed before. Throws `RefusedError`.
   */
  pricesOn(symbol: string, times: readonly string[]): Promise<readonly (string | null)[]>;
  /** Records up to 1,000 prices that were recorded before. Throws `RefusedError`. */
  recordAgain(symbol: string, prices: readonly PricePoint[]): Promise<void>;
}

export interface Currency {
  readonly code: string;
  /** Whether an instrument that is listed in another currency is an error. */
  readonly isRequired: boolean;
}

/** Connects with a single attempt; throws `ServerError` if there is no server. */
export async function openMarketApi(client: ApiClient, currency: Currency): Promise<MarketApi> {
  const head = await client.send<{ log: { sequence: string } }>(headQuery, {}, 1);
  const sequenceBefore = BigInt(head.data.log.sequence);
  const known = createKnownPrices(client);
  const send = async (input: RecordInput) => {
    type Data = { recordPrices: Rejected & { sequence: string; replayed: boolean } };
    const { data, attempts } = await client.send<Data>(record, { input });
    const { sequence, replayed } = accepted(data.recordPrices);
    known.reached(BigInt(sequence));
    return { sequence: BigInt(sequence), replayed, attempts };
  };
  return {
    list: (symbol, sign) => listInstrument(client, { symbol, currency, sign }),
    async record(batch) {
      const { symbol, prices } = batch;
      const answer = await send({ symbol, prices, idempotencyKey: toKey(batch) });
      // A retry after a lost answer is also a replay; its sequence number shows that it is ours.
      return !answer.replayed || (answer.attempts > 1 && answer.sequence > sequenceBefore);
    },
    // A dry run with a key that was used returns what was recorded with the key.
    async isRecorded({ symbol, prices }) {
      const idempotencyKey = toKey({ symbol, prices });
      return (await send({ symbol, prices, idempotencyKey, dryRun: true })).replayed;
    },
    pricesOn: known.pricesOn,
    history: known.history,
    async recordAgain(symbol, prices) {
      // The sequence number makes the key new, and it is the same for all attempts.
      const sequence = await known.head(symbol);
      const idempotencyKey = `${toKey({ symbol, prices })} again at ${sequence}`;
      await send({ symbol, prices, idempotencyKey });
    },
  };
}

interface RecordInput {
  readonly symbol: string;
  readonly prices: readonly PricePoint[];
  readonly idempotencyKey: string;
  readonly dryRun?: boolean;
}

interface Listing {
  readonly symbol: string;
  readonly currency: Currency;
  readonly sign: string | null;
}

/** Sends no key: a key would keep a rejection permanently. A second listing is rejected anyway. */
async function listInstrument(client: ApiClient, wanted: Listing): Promise<string | null> {
  const { symbol, currency } = wanted;
  type Found = { instrument: { currency: string; lastPriceAt: string | null } | null };
  const { data } = await client.send<Found>(instrumentQuery, { symbol });
  if (data.instrument !== null) {
    assertCurrency(data.instrument.currency, wanted);
    return data.instrument.lastPriceAt;
  }
  assertSign(currency.code, wanted);
  const input = {
    symbol,
    name: symbol,
    currency: currency.code,
    tickSize: '0.01',
    lotSize: '1',
  };
  const answer = await client.send<{ listInstrument: Rejected }>(list, { input });
  const { listInstrument: listed } = answer.data;
  if (listed.code !== 'INSTRUMENT_ALREADY_EXISTS') accepted(listed);
  return null;
}

function assertCurrency(actual: string, wanted: Listing): void {
  const { symbol, currency } = wanted;
  if (currency.isRequired && actual !== currency.code) {
    const message = `${symbol} is listed in ${actual}, not in ${currency.code}`;
    throw new RefusedError('CURRENCY_MISMATCH', message);
  }
  assertSign(actual, wanted);
}

function assertSign(code: string, { symbol, sign }: Listing): void {
  if (sign === null || standsFor(sign, code)) return;
  const reason = `the prices are in ${toVisible(sign)}, but ${symbol} is listed in ${code}`;
  throw new RefusedError('CURRENCY_MISMATCH', `${reason} (see --currency)`);
}
