import type { ApiClient } from './api-client.ts';
import { type Batch, toKey } from './batches.ts';
import { RefusedError } from './errors.ts';

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
  /** Makes sure that prices of the symbol can be recorded; throws `RefusedError`. */
  list(symbol: string): Promise<void>;
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
    list: (symbol) => listInstrument(client, symbol, currency),
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

/** Without a key: a rejection would be kept for good, and the second listing is refused anyway. */
async function listInstrument(
  client: ApiClient,
  symbol: string,
  currency: Currency,
): Promise<void> {
  type Found = { instrument: { currency: string } | null };
  const { data } = await client.send<Found>(instrumentQuery, { symbol });
  if (data.instrument !== null) return assertCurrency(symbol, data.instrument.currency, currency);
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

function assertCurrency(symbol: string, actual: string, { code, isRequired }: Currency): void {
  if (!isRequired || actual === code) return;
  throw new RefusedError('CURRENCY_MISMATCH', `${symbol} is listed in ${actual}, not in ${code}`);
}

function accepted<Payload extends Rejected>(payload: Payload): Payload {
  if (payload.code === undefined) return payload;
  throw new RefusedError(payload.code, payload.message ?? 'refused');
}
