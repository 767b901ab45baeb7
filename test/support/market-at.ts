import type { Run } from './random-trading.ts';
import type { TestServer } from './server.ts';
import { createTradingClient, type Input } from './trading-client.ts';

export interface OrderAt {
  readonly id: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: string;
  readonly status: string;
  readonly quantity: string;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
  readonly limitPrice: string | null;
  readonly sequence: string;
}

export interface AccountAt {
  readonly id: string;
  readonly balance: string;
  readonly held: string;
  readonly available: string;
  readonly positions: readonly {
    readonly symbol: string;
    readonly quantity: string;
    readonly held: string;
  }[];
}

export interface LevelAt {
  readonly price: string;
  readonly quantity: string;
  readonly orders: number;
}

export interface TradeAt {
  readonly id: string;
  readonly quantity: string;
  readonly sequence: string;
}

/** What the API returns of a market as of a sequence. */
export interface MarketAt {
  readonly orders: readonly OrderAt[];
  readonly accounts: readonly AccountAt[];
  readonly instruments: readonly {
    readonly symbol: string;
    readonly orderBook: { readonly bids: readonly LevelAt[]; readonly asks: readonly LevelAt[] };
    readonly candles: readonly { readonly volume: string; readonly trades: number }[];
    readonly trades: readonly TradeAt[];
  }[];
  readonly isBalanced: boolean;
  /** The balances of the ledger by account, kind and asset, such as "FEES CASH USD". */
  readonly ledger: ReadonlyMap<string, string>;
}

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Reads a market through the API as of a sequence, list by list. */
export async function readMarket(
  server: TestServer,
  { instruments, accounts }: Pick<Run, 'instruments' | 'accounts'>,
  at: number,
): Promise<MarketAt> {
  const client = createTradingClient(server);
  const asOf = String(at);

  async function list<Node>(field: string, fields: string, variables: Input = {}) {
    const nodes: Node[] = [];
    let after: string | null = null;
    const takes = field === 'trades' ? ['$symbol: ID!', 'symbol: $symbol,'] : ['', ''];
    const query = `query Q($asOf: Moment, $after: String ${takes[0]}) {
      page: ${field}(${takes[1]} first: 500, after: $after, asOf: $asOf) {
        nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`;
    for (;;) {
      const { page }: { page: Page<Node> } = await client.read(query, {
        asOf,
        after,
        ...variables,
      });
      nodes.push(...page.nodes);
      if (!page.pageInfo.hasNextPage) return nodes;
      after = page.pageInfo.endCursor;
    }
  }

  const { trialBalance, ...rest } = await client.read<
    Readonly<Record<string, AccountAt & MarketAt['instruments'][number]>> & {
      trialBalance: {
        isBalanced: boolean;
        entries: readonly { account: string; kind: string; asset: string; balance: string }[];
      };
    }
  >(toQuery({ instruments, accounts }), { asOf });
  // Accounts and instruments that did not exist by then are null.
  const members = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    orders: await list<OrderAt>(
      'orders',
      'id: orderId side type status quantity filledQuantity leavesQuantity limitPrice sequence',
    ),
    accounts: members.filter(([name]) => name.startsWith('a')).map(([, value]) => value),
    instruments: await Promise.all(
      members
        .filter(([name]) => name.startsWith('i'))
        .map(async ([, value]) => ({
          ...value,
          trades: await list<TradeAt>('trades', 'id: tradeId quantity sequence', {
            symbol: value.symbol,
          }),
        })),
    ),
    isBalanced: trialBalance.isBalanced,
    ledger: new Map(
      trialBalance.entries.map(({ account, kind, asset, balance }) => [
        `${account} ${kind} ${asset}`,
        balance,
      ]),
    ),
  };
}

/** Returns the query for all that is not read page by page. */
function toQuery({ instruments, accounts }: Pick<Run, 'instruments' | 'accounts'>): string {
  const accountFields = accounts.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { ...A }`,
  );
  const instrumentFields = instruments.map(
    ({ symbol }, index) => `i${index}: instrument(symbol: "${symbol}", asOf: $asOf) { ...I }`,
  );
  const level = 'price quantity orders';
  return `query Q($asOf: Moment) {
      trialBalance(asOf: $asOf) { isBalanced entries { account kind asset balance } }
      ${accountFields.join(' ')}
      ${instrumentFields.join(' ')}
    }
    fragment A on Account { id: accountId balance held available positions { symbol quantity held } }
    fragment I on Instrument { symbol
      orderBook(depth: 500) { bids { ${level} } asks { ${level} } }
      candles(interval: DAY, from: "2000-01-01T00:00:00Z", to: "2999-01-01T00:00:00Z") {
        volume trades } }`;
}
