import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseUnits } from '../../../src/lib/steps.ts';
import { type MarketAt, type OrderAt, readMarket } from '../../support/market-at.ts';
import {
  createRandom,
  type Listed,
  type Run,
  type Seen,
  trade,
} from '../../support/random-trading.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { createTradingClient } from '../../support/trading-client.ts';

const seed = 20_260_111;
const momentsCount = 30;

interface Traded {
  readonly sequence: number;
  readonly data: Readonly<
    Record<
      | 'tradeId'
      | 'symbol'
      | 'quantity'
      | 'price'
      | 'aggressor'
      | 'buyAmount'
      | 'sellAmount'
      | 'buyOrderId'
      | 'sellOrderId'
      | 'buyAccountId'
      | 'sellAccountId'
      | 'buyFee'
      | 'sellFee',
      string
    >
  >;
}

let server: TestServer;
let run: Run;
let traded: readonly Traded[];
let moments: readonly number[];
beforeAll(async () => {
  server = await createTestServer();
  run = await trade(server, { seed, clients: 16, commands: 1_500 });
  const { sequence } = await server.engine.log.head();
  const events = await server.engine.log.events(
    { types: ['TradeExecuted'] },
    { before: sequence + 1, limit: 100_000 },
  );
  traded = events as unknown as readonly Traded[];
  const random = createRandom(seed);
  const pick = (): number => run.seen[Math.floor(random() * run.seen.length)]?.sequence ?? sequence;
  moments = [...Array.from({ length: momentsCount }, pick), sequence].sort((a, b) => a - b);
}, 120_000);
afterAll(() => server.dispose());

test('a run of random commands trades, rejects, and keeps the rules', async () => {
  // A run in which little happens would prove little.
  expect(traded.length).toBeGreaterThan(100);
  expect(run.rejections.size).toBeGreaterThan(3);
  for (const at of moments) assertMarket(at, await readMarket(server, run, at));
}, 120_000);

test('no trade is between orders of the same account', () => {
  for (const { data } of traded) {
    expect(data.buyAccountId).not.toBe(data.sellAccountId);
    expect(run.orders.get(data.buyOrderId)?.accountId).toBe(data.buyAccountId);
    expect(run.orders.get(data.sellOrderId)?.accountId).toBe(data.sellAccountId);
  }
});

test('the order and account in an answer are the same as of its sequence', async () => {
  const client = createTradingClient(server);
  const sizeMax = 20;
  for (let start = 0; start < run.seen.length; start += sizeMax) {
    const part = run.seen.slice(start, start + sizeMax);
    const query = part.map(({ sequence, account, order }, index) =>
      [
        account === null
          ? ''
          : `a${index}: account(id: "${account.id}", asOf: "${sequence}") {
              id: accountId balance held }`,
        order === null
          ? ''
          : `o${index}: order(id: "${order.id}", asOf: "${sequence}") {
              id: orderId status filledQuantity leavesQuantity }`,
      ].join(' '),
    );
    const data = await client.read<Record<string, object>>(`{ ${query.join(' ')} __typename }`);
    for (const [index, { account, order, name, input }] of part.entries()) {
      const what = JSON.stringify({ name, input });
      expect(data[`a${index}`] ?? null, what).toEqual(account);
      expect(data[`o${index}`] ?? null, what).toEqual(order);
    }
  }
}, 60_000);

/** Converts a decimal to units of its fourth digit; no decimal of this market is finer. */
function units(text: string | null): bigint {
  return parseUnits(text ?? '0', 4);
}

function sumOf<Value>(values: Iterable<Value>, toUnits: (value: Value) => bigint): bigint {
  let sum = 0n;
  for (const value of values) sum += toUnits(value);
  return sum;
}

/** The exact value and fee that an order and the orders it replaced have traded. */
interface Totals {
  readonly value: bigint;
  readonly fee: bigint;
}

/** Returns the cash that the rest of an order to buy needs, rounded on its totals to cents. */
function holdOf(
  { limitPrice, leavesQuantity }: OrderAt,
  { takerFeeBps }: Listed,
  { value, fee }: Totals,
): bigint {
  const more = units(limitPrice) * units(leavesQuantity);
  const cents = (total: bigint) => (total + 999_999n) / 1_000_000n;
  const per = 1_000_000n * 10_000n * 10_000n;
  const fees = (total: bigint) => (2n * total + per) / (2n * per);
  const moreFee = more * units(takerFeeBps);
  return (cents(value + more) - cents(value) + fees(fee + moreFee) - fees(fee)) * 100n;
}

function totalsOf(id: string | null, past: readonly Traded[]): Totals {
  if (id === null) return { value: 0n, fee: 0n };
  const { listed, replaces } = run.orders.get(id) ?? { listed: undefined, replaces: null };
  let { value, fee } = totalsOf(replaces, past);
  for (const { data } of past) {
    if (data.buyOrderId !== id) continue;
    const worth = units(data.price) * units(data.quantity);
    const bps = data.aggressor === 'BUY' ? listed?.takerFeeBps : listed?.makerFeeBps;
    value += worth;
    fee += worth * units(bps ?? null);
  }
  return { value, fee };
}

function assertMarket(at: number, market: MarketAt): void {
  const past = traded.filter(({ sequence }) => sequence <= at);
  const done = run.seen.filter(({ sequence }) => sequence <= at);
  assertLedger(at, market, { past, done });
  const open = market.orders.filter(({ status }) => /^(HELD|NEW|PARTIALLY_FILLED)$/.test(status));
  assertOrders(market.orders, past);
  for (const account of market.accounts) {
    const what = `account ${account.id} at ${at}`;
    const own = open.filter(({ id }) => run.orders.get(id)?.accountId === account.id);
    const buying = own.filter(({ side, limitPrice }) => side === 'BUY' && limitPrice !== null);
    const held = sumOf(buying, (order) => holdOf(order, listedOf(order), totalsOf(order.id, past)));
    expect(units(account.held), `held of ${what}`).toBe(held);
    expect(units(account.available), what).toBe(units(account.balance) - units(account.held));
    for (const amount of [account.balance, account.held, account.available]) {
      expect(units(amount), what).toBeGreaterThanOrEqual(0n);
    }
    for (const { symbol, quantity, held: heldShares } of account.positions) {
      const selling = own.filter(
        (order) => order.side === 'SELL' && listedOf(order).symbol === symbol,
      );
      const leaves = sumOf(selling, ({ leavesQuantity }) => units(leavesQuantity));
      expect(units(heldShares), `${symbol} held of ${what}`).toBe(leaves);
      expect(units(quantity) - units(heldShares), what).toBeGreaterThanOrEqual(0n);
    }
  }
  assertBooks(at, market, { open, past });
}

interface Past {
  readonly past: readonly Traded[];
  readonly done: readonly Seen[];
}

function assertLedger(at: number, market: MarketAt, { past, done }: Past): void {
  const what = `at ${at}`;
  expect(market.isBalanced, what).toBe(true);
  const ledger = (name: string) => units(market.ledger.get(name) ?? '0');
  const moved = (name: string) =>
    sumOf(
      done.filter((command) => command.name === name),
      ({ input }) => units(String(input['amount'])),
    );
  const balances = sumOf(market.accounts, ({ balance }) => units(balance));
  const fees = sumOf(past, ({ data }) => units(data.buyFee) + units(data.sellFee));
  const rounding = sumOf(past, ({ data }) => units(data.buyAmount) - units(data.sellAmount));
  const there = balances + fees + rounding;
  expect(there, what).toBe(moved('depositCash') - moved('withdrawCash'));
  expect(rounding, what).toBeGreaterThanOrEqual(0n);
  expect(ledger('ROUNDING CASH USD'), what).toBe(rounding);
  expect(ledger('CUSTOMERS CASH USD'), what).toBe(balances);
  expect(ledger('FEES CASH USD'), what).toBe(fees);
  expect(ledger('EXTERNAL CASH USD'), what).toBe(-there);
  for (const { symbol } of run.instruments) {
    const brought = sumOf(
      done.filter(({ name, input }) => name === 'depositShares' && input['symbol'] === symbol),
      ({ input }) => units(String(input['quantity'])),
    );
    const positions = market.accounts.flatMap((account) => account.positions);
    const shares = sumOf(
      positions.filter((position) => position.symbol === symbol),
      ({ quantity }) => units(quantity),
    );
    expect(shares, what).toBe(brought);
    expect(ledger(`CUSTOMERS SHARES ${symbol}`), what).toBe(shares);
    expect(ledger(`EXTERNAL SHARES ${symbol}`), what).toBe(-shares);
  }
}

function assertOrders(orders: readonly OrderAt[], past: readonly Traded[]): void {
  const filled = new Map<string, bigint>();
  for (const { data } of past) {
    for (const id of [data.buyOrderId, data.sellOrderId]) {
      filled.set(id, (filled.get(id) ?? 0n) + units(data.quantity));
    }
  }
  const withReplaced = (id: string | null): bigint =>
    id === null ? 0n : (filled.get(id) ?? 0n) + withReplaced(run.orders.get(id)?.replaces ?? null);
  for (const order of orders) {
    const what = `${order.status} order ${order.id}`;
    const isOpen = /^(HELD|NEW|PARTIALLY_FILLED)$/.test(order.status);
    const [quantity, done] = [units(order.quantity), units(order.filledQuantity)];
    // A rejected order takes over nothing from the order that it was to replace.
    if (order.status !== 'REJECTED') expect(done, what).toBe(withReplaced(order.id));
    expect(done <= quantity, what).toBe(true);
    expect(units(order.leavesQuantity), what).toBe(isOpen ? quantity - done : 0n);
    if (order.status === 'FILLED') expect(done, what).toBe(quantity);
    if (order.status === 'NEW') expect(done, what).toBe(0n);
  }
}

function assertBooks(
  at: number,
  market: MarketAt,
  { open, past }: { readonly open: readonly OrderAt[]; readonly past: readonly Traded[] },
): void {
  for (const { symbol, orderBook, trades, candles } of market.instruments) {
    const what = `${symbol} at ${at}`;
    for (const [side, levels] of [
      ['BUY', orderBook.bids],
      ['SELL', orderBook.asks],
    ] as const) {
      const resting = open.filter(
        (order) =>
          order.side === side && order.status !== 'HELD' && listedOf(order).symbol === symbol,
      );
      const prices = [...new Set(resting.map(({ limitPrice }) => units(limitPrice)))];
      prices.sort((a, b) => (side === 'BUY' ? Number(b - a) : Number(a - b)));
      const expected = prices.map((price) => {
        const there = resting.filter(({ limitPrice }) => units(limitPrice) === price);
        const quantity = sumOf(there, ({ leavesQuantity }) => units(leavesQuantity));
        return { price, quantity, orders: there.length };
      });
      const actual = levels.map(({ price, quantity, orders }) => ({
        price: units(price),
        quantity: units(quantity),
        orders,
      }));
      expect(actual, `${side} ${what}`).toEqual(expected);
    }
    const [bid, ask] = [orderBook.bids[0], orderBook.asks[0]];
    if (bid && ask) expect(units(bid.price) < units(ask.price), what).toBe(true);
    const own = past.filter(({ data }) => data.symbol === symbol);
    expect(
      trades.map(({ id, sequence }) => [id, Number(sequence)]),
      what,
    ).toEqual(own.map(({ data, sequence }) => [data.tradeId, sequence]));
    const volume = sumOf(trades, ({ quantity }) => units(quantity));
    expect(
      sumOf(candles, (candle) => units(candle.volume)),
      what,
    ).toBe(volume);
    expect(candles.reduce((count, candle) => count + candle.trades, 0)).toBe(trades.length);
  }
}

function listedOf({ id }: OrderAt): Listed {
  const requested = run.orders.get(id);
  if (requested === undefined) throw new Error(`order ${id} was never requested`);
  return requested.listed;
}
