import type { ApiClient } from './api-client.ts';
import { createPriceHistory, type PriceHistory } from './price-history.ts';
import type { PricePoint } from './price-row.ts';
import { accepted, type Rejected } from './rejected.ts';

/** Reads the prices that the server knows now, including all that it has confirmed so far. */
interface KnownPrices {
  /** Remembers the sequence number with which the server has answered a command. */
  reached(sequence: bigint): void;
  /** The sequence number of the current head of the log. Throws `RefusedError`. */
  head(symbol: string): Promise<bigint>;
  /** The last price at or before each of the times; null if none. Throws `RefusedError`. */
  pricesOn(symbol: string, times: readonly string[]): Promise<readonly (string | null)[]>;
  /** All recorded prices of an instrument; null if over `historyMax`. Throws `RefusedError`. */
  history(symbol: string): Promise<PriceHistory | null>;
}

/** The history of an instrument takes memory until the end of the file. */
const historyMax = 200_000;
const pageSize = 500;
const historyQuery = `query History($stream: ID!, $after: String, $asOf: Moment) {
  events(
    filter: { streamId: $stream, types: ["PriceRecorded"] }
    first: ${pageSize}
    after: $after
    asOf: $asOf
  ) {
    pageInfo { hasNextPage endCursor }
    nodes { occurredAt ... on PriceRecorded { price } }
  }
}`;

interface HistoryPage {
  readonly events: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly PricePoint[];
  };
}

/** The most times in one request, each with an alias. The API accepts twice as many aliases. */
const timesMax = 100;

const dryRun = `mutation Head($input: RecordPricesInput!) {
  recordPrices(input: $input) {
    __typename
    ... on RecordPricesPayload { sequence }
    ... on Error { code message }
  }
}`;

export function createKnownPrices(client: ApiClient): KnownPrices {
  let last: bigint | null = null;
  let answered = 0n;

  /** Uses a dry run, which is decided on the log itself; a query shows only what the views have. */
  async function head(symbol: string): Promise<bigint> {
    const point: PricePoint = { price: '1', occurredAt: '2000-01-01T00:00:00Z' };
    const input = { symbol, prices: [point], dryRun: true };
    type Data = { recordPrices: Rejected & { sequence: string } };
    const { data } = await client.send<Data>(dryRun, { input });
    return BigInt(accepted(data.recordPrices).sequence);
  }

  /** The head at the first call, or a later sequence number that the server has returned since. */
  async function moment(symbol: string): Promise<string> {
    last ??= await head(symbol);
    return String(last > answered ? last : answered);
  }

  return {
    reached(sequence) {
      if (sequence > answered) answered = sequence;
    },
    head,
    async pricesOn(symbol, times) {
      const asOf = await moment(symbol);
      const prices: (string | null)[] = [];
      for (let start = 0; start < times.length; start += timesMax) {
        const some = times.slice(start, start + timesMax);
        type Data = { instrument: Record<string, string | null> | null };
        const { data } = await client.send<Data>(toQuery(some), { symbol, asOf });
        prices.push(...some.map((_, index) => data.instrument?.[`p${index}`] ?? null));
      }
      return prices;
    },
    async history(symbol) {
      const known = createPriceHistory();
      const asOf = await moment(symbol);
      const stream = `instrument-${symbol}`;
      let after: string | null = null;
      for (let count = 0; count <= historyMax; count += pageSize) {
        const variables: object = { stream, after, asOf };
        const answer = await client.send<HistoryPage>(historyQuery, variables);
        const { nodes, pageInfo }: HistoryPage['events'] = answer.data.events;
        for (const point of nodes) known.add(point);
        if (!pageInfo.hasNextPage) return known;
        after = pageInfo.endCursor;
      }
      return null;
    },
  };
}

function toQuery(times: readonly string[]): string {
  const fields = times.map((time, index) => `p${index}: priceOn(time: ${JSON.stringify(time)})`);
  return `query Known($symbol: ID!, $asOf: Moment) {
  instrument(symbol: $symbol, asOf: $asOf) { ${fields.join(' ')} }
}`;
}
