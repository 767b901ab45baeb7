import type { ApiClient } from './api-client.ts';
import { type Batch, toKey } from './batches.ts';
import { standsFor } from './currency-sign.ts';
import { RefusedError } from './errors.ts';
import { toVisible } from './visible.ts';

const headQuery = 'query Head { log { sequence } }';
const instrumentQuery = `query Instrument($symbol: ID!) {
  instrument(symbol: $symbol) { currency }
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

interface Rejected {
  readonly code?: string;
  readonly message?: string;
}

/** What of the API an import uses. */
export interface MarketApi {
  /**
   * Makes sure that prices of the symbol can be recorded; throws `RefusedError`, also when its
   * currency is not one that `sign`, which stands beside the prices, stands for.
   */
  list(symbol: string, sign: string | null): Promise<void>;
  /** True: recorded now; false: it had been before. Throws `RefusedError`. */
  record(batch: Batch): Promise<boolean>;
}

export interface Currency {
  readonly code: string;
  /** Whether an instrument that is listed in another one is an error. */
  readonly isRequired: boolean;
}

/** Tells by one attempt whether there is a server at all; throws `ServerError`. */
export async function openMarketApi(client: ApiClient, currency: Currency): Promise<MarketApi> {
  const head = await client.send<{ log: { sequence: string } }>(headQuery, {}, 1);
  const sequenceBefore = BigInt(head.data.log.sequence);
  return {
    list: (symbol, sign) => listInstrument(client, { symbol, currency, sign }),
    async record(batch) {
      const input = { symbol: batch.symbol, prices: batch.prices, idempotencyKey: toKey(batch) };
      type Data = { recordPrices: Rejected & { sequence: string; replayed: boolean } };
      const { data, attempts } = await client.send<Data>(record, { input });
      const { sequence, replayed } = accepted(data.recordPrices);
      // A lost answer comes back as a replay: where it stands in the log tells whose it is.
      return !replayed || (attempts > 1 && BigInt(sequence) > sequenceBefore);
    },
  };
}

interface Listing {
  readonly symbol: string;
  readonly currency: Currency;
  readonly sign: string | null;
}

/** Without a key: a rejection would be kept for good, and the second listing is refused anyway. */
async function listInstrument(client: ApiClient, wanted: Listing): Promise<void> {
  const { symbol, currency } = wanted;
  type Found = { instrument: { currency: string } | null };
  const { data } = await client.send<Found>(instrumentQuery, { symbol });
  if (data.instrument !== null) return assertCurrency(data.instrument.currency, wanted);
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
  const message = `the prices are in ${toVisible(sign)}, but ${symbol} is in ${code} (see --currency)`;
  throw new RefusedError('CURRENCY_MISMATCH', message);
}

function accepted<Payload extends Rejected>(payload: Payload): Payload {
  if (payload.code === undefined) return payload;
  throw new RefusedError(payload.code, payload.message ?? 'refused');
}
