import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom, trade } from '../../support/random-trading.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Contribution {
  readonly amount: string;
  readonly before: string;
  readonly after: string;
  readonly event: {
    readonly sequence: string;
    readonly type: string;
    readonly causationId: string | null;
  };
  readonly command: { readonly name: string; readonly actor: string } | null;
}

interface Explanation {
  readonly value: string;
  readonly at: string;
  readonly contributions: {
    readonly nodes: readonly Contribution[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly startCursor: string | null;
      readonly endCursor: string | null;
    };
  };
}

interface Wanted {
  readonly accountId: string;
  readonly figure: string;
  readonly symbol?: string | undefined;
  readonly asOf?: string;
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

async function explain(wanted: Wanted): Promise<Explanation> {
  const { explain } = await client.read<{ explain: Explanation }>(
    `query Q($accountId: ID!, $figure: Figure!, $symbol: ID, $asOf: Moment, $first: Int,
        $after: String, $last: Int, $before: String) {
      explain(accountId: $accountId, figure: $figure, symbol: $symbol, asOf: $asOf, first: $first,
          after: $after, last: $last, before: $before) {
        value at contributions { nodes { amount before after event { sequence type causationId }
          command { name actor } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
    { ...wanted },
  );
  return explain;
}

/** All contributions, page by page, from the beginning or from the end. */
async function explainAll(wanted: Wanted, size: number, fromEnd: boolean) {
  const all: Contribution[] = [];
  let cursor: string | null = null;
  for (;;) {
    const paging: Partial<Wanted> = fromEnd
      ? { last: size, before: cursor }
      : { first: size, after: cursor };
    const { value, contributions } = await explain({ ...wanted, ...paging });
    const { nodes, pageInfo } = contributions;
    all.splice(fromEnd ? 0 : all.length, 0, ...nodes);
    if (!(fromEnd ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return { value, all };
    cursor = fromEnd ? pageInfo.startCursor : pageInfo.endCursor;
  }
}

/** Exact sums without the decimals of the program. */
function toUnits(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const units = BigInt(`${whole}${fraction.padEnd(20, '0')}`);
  return text.startsWith('-') ? -units : units;
}

const brief = ({ amount, before, after, event }: Contribution) =>
  `${event.type} ${amount}: ${before} -> ${after}`;

describe('the explanation of a figure', () => {
  let symbol: string;
  let trader: string;
  let bought: string;

  beforeAll(async () => {
    symbol = await client.list({ makerFeeBps: '10', takerFeeBps: '20' });
    const other = await client.open({ cash: '1000.00', shares: { [symbol]: '100' } });
    trader = await client.open({ cash: '1000.00' });
    const order = (side: string, quantity: string, limitPrice: string) => {
      return { side, quantity, limitPrice };
    };
    // Reserves 40.00 and the higher fee of 0.08; then 3 at 10.00 and a fee of 0.03 are paid, which
    // is 10.01 each, and 10.02 stay reserved.
    await accepted(client.place(trader, symbol, order('BUY', '4', '10.00')));
    await accepted(client.place(other, symbol, order('SELL', '3', '10.00')));
    bought = await client.head();
    // 1 at 12.00 less a fee of 0.01 (0.012): 11.99 - 10.01 = 1.98. One more share stays reserved.
    await accepted(client.place(trader, symbol, order('SELL', '2', '12.00')));
    await accepted(client.place(other, symbol, order('BUY', '1', '12.00')));
  });

  const cases: readonly (readonly [string, 'cash' | 'shares', string, readonly string[]])[] = [
    [
      ...(['BALANCE', 'cash', '981.96'] as const),
      [
        'CashDeposited 1000.00: 0.00 -> 1000.00',
        'PurchaseSettled -30.03: 1000.00 -> 969.97',
        'SaleSettled 11.99: 969.97 -> 981.96',
      ],
    ],
    [
      ...(['HELD', 'cash', '10.02'] as const),
      ['CashHeld 40.08: 0.00 -> 40.08', 'PurchaseSettled -30.06: 40.08 -> 10.02'],
    ],
    [
      ...(['AVAILABLE', 'cash', '971.94'] as const),
      [
        'CashDeposited 1000.00: 0.00 -> 1000.00',
        'CashHeld -40.08: 1000.00 -> 959.92',
        'PurchaseSettled 0.03: 959.92 -> 959.95',
        'SaleSettled 11.99: 959.95 -> 971.94',
      ],
    ],
    ['QUANTITY', 'shares', '2', ['PurchaseSettled 3: 0 -> 3', 'SaleSettled -1: 3 -> 2']],
    ['HELD', 'shares', '1', ['SharesHeld 2: 0 -> 2', 'SaleSettled -1: 2 -> 1']],
    ['AVAILABLE', 'shares', '1', ['PurchaseSettled 3: 0 -> 3', 'SharesHeld -2: 3 -> 1']],
    // A sale does not change the average cost.
    [
      ...(['AVERAGE_COST', 'shares', '10.01000000'] as const),
      ['PurchaseSettled 10.01000000: 0.00000000 -> 10.01000000'],
    ],
    ['REALIZED_PNL', 'shares', '1.98', ['SaleSettled 1.98: 0.00 -> 1.98']],
    ['REALIZED_PNL', 'cash', '1.98', ['SaleSettled 1.98: 0.00 -> 1.98']],
  ];
  test.each(cases)(
    'has what a bookkeeper writes down: %s of %s',
    async (figure, of, value, lines) => {
      const ofShares = of === 'shares' ? symbol : undefined;
      const explanation = await explain({ accountId: trader, figure, symbol: ofShares });
      expect(explanation.contributions.nodes.map(brief)).toEqual(lines);
      expect(explanation).toMatchObject({ value, at: await client.head() });
    },
  );

  test('names the command of each event and what caused it', async () => {
    const { contributions } = await explain({ accountId: trader, figure: 'BALANCE' });
    expect(contributions.nodes.map(({ command }) => command?.name)).toEqual([
      'depositCash',
      'placeOrder',
      'placeOrder',
    ]);
  });

  test('is of the moment', async () => {
    const wanted = { accountId: trader, figure: 'REALIZED_PNL', asOf: bought };
    expect(await explain(wanted)).toMatchObject({
      value: '0.00',
      at: bought,
      contributions: { nodes: [] },
    });
    const before = await explain({ ...wanted, figure: 'QUANTITY', symbol, asOf: '1' });
    expect(before).toBeNull();
  });

  test.each([
    ['BALANCE', 'AAA', 'BALANCE is a figure of the account: omit the symbol'],
    ['QUANTITY', undefined, 'QUANTITY is a figure of a position: give its symbol'],
    ['AVERAGE_COST', undefined, 'AVERAGE_COST is a figure of a position: give its symbol'],
    ['HELD', 'not a symbol', 'symbol'],
  ])('refuses %s of %s', async (figure, of, message) => {
    await expect(explain({ accountId: trader, figure, symbol: of })).rejects.toThrow(message);
  });
});

const figures: readonly (readonly [string, 'cash' | 'shares'])[] = [
  ...(['BALANCE', 'HELD', 'AVAILABLE', 'REALIZED_PNL'] as const).map(
    (name) => [name, 'cash'] as const,
  ),
  ...(['QUANTITY', 'HELD', 'AVAILABLE', 'AVERAGE_COST', 'REALIZED_PNL'] as const).map(
    (name) => [name, 'shares'] as const,
  ),
];

const shown = `query Q($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { balance held
  available portfolio { realizedPnl }
  positions { symbol quantity held averageCost realizedPnl } } }`;

interface Shown {
  readonly account: {
    readonly balance: string;
    readonly held: string;
    readonly available: string;
    readonly portfolio: { readonly realizedPnl: string };
    readonly positions: readonly {
      readonly symbol: string;
      readonly quantity: string;
      readonly held: string;
      readonly averageCost: string;
      readonly realizedPnl: string;
    }[];
  } | null;
}

/** What the API shows for a figure; null if it does not show it. */
function shownFigure({ account }: Shown, name: string, symbol: string | undefined): string | null {
  if (account === null) return null;
  const { balance, held, available, portfolio } = account;
  const ofCash = { BALANCE: balance, HELD: held, AVAILABLE: available };
  if (symbol === undefined) return { ...ofCash, REALIZED_PNL: portfolio.realizedPnl }[name] ?? null;
  const position = account.positions.find((each) => each.symbol === symbol);
  if (position === undefined) return null;
  const { quantity, averageCost, realizedPnl } = position;
  const figure = { QUANTITY: quantity, HELD: position.held, AVERAGE_COST: averageCost };
  return { ...figure, REALIZED_PNL: realizedPnl }[name] ?? null;
}

test('the contributions add up to every figure at any moment, in pages of any size', async () => {
  const seed = 20_261_128;
  const random = createRandom(seed);
  const { accounts, instruments } = await trade(server, { seed, clients: 6, commands: 500 });
  const head = Number(await client.head());
  let explained = 0;
  for (let round = 0; round < 90; round += 1) {
    const accountId = accounts[Math.floor(random() * accounts.length)] ?? '';
    const asOf = String(Math.ceil(random() * head));
    const [figure, of] = figures[round % figures.length] ?? ['', 'cash'];
    const symbol = of === 'cash' ? undefined : instruments[round % 2]?.symbol;
    const wanted = { accountId, figure, symbol, asOf };
    const state = await client.read<Shown>(shown, { id: accountId, asOf });
    if (state.account === null) continue;
    const size = 1 + Math.floor(random() * 20);
    const { value, all } = await explainAll(wanted, size, round % 4 < 2);
    const what = JSON.stringify(wanted);
    expect(shownFigure(state, figure, symbol) ?? value, what).toBe(value);
    const total = all.reduce((so, { amount }) => so + toUnits(amount), 0n);
    expect(total, what).toBe(toUnits(value));
    expect(all.at(-1)?.after ?? value, what).toBe(value);
    for (const [index, { before, after, amount }] of all.entries()) {
      expect(toUnits(before) + toUnits(amount), what).toBe(toUnits(after));
      if (index > 0) expect(before, what).toBe(all[index - 1]?.after);
    }
    explained += all.length;
  }
  expect(explained).toBeGreaterThan(200);
}, 120_000);
