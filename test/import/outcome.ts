import type { TestServer } from '../support/server.ts';

/** The prices in the log of one symbol, in order: when each occurred, and its text. */
export async function pricesIn(
  server: TestServer,
  symbol: string,
): Promise<readonly (readonly [string, string])[]> {
  const query = `query Prices($streamId: ID!, $after: String) {
    events(first: 500, after: $after, filter: { streamId: $streamId, types: ["PriceRecorded"] }) {
      nodes { occurredAt data }
      pageInfo { hasNextPage endCursor }
    }
  }`;
  type Page = {
    events: {
      nodes: { occurredAt: string; data: { price: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  };
  const prices: [string, string][] = [];
  for (let after: string | null = null, more = true; more; ) {
    const headers = { 'daybook-min-sequence': String((await server.engine.log.head()).sequence) };
    const page: Page = (
      await server.send<Page>(query, { streamId: `instrument-${symbol}`, after }, headers)
    ).data;
    for (const node of page.events.nodes) prices.push([node.occurredAt, node.data.price]);
    after = page.events.pageInfo.endCursor;
    more = page.events.pageInfo.hasNextPage;
  }
  return prices;
}

/** The numbers of the table's row that begins with the file and the symbol. */
export function countsOf(out: string, file: string, symbol: string) {
  const line = out.split('\n').find((row) => row.split(/\s+/, 2).join(' ') === `${file} ${symbol}`);
  const [read, recorded, alreadyThere, bad] = (line ?? '')
    .split(/\s+/)
    .slice(2, 6)
    .map((text) => Number(text.replace(',', '')));
  return { read, recorded, alreadyThere, bad };
}
