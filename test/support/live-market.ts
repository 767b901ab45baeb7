import { createRandom } from './random-trading.ts';
import type { TradingClient } from './trading-client.ts';

/** What random commands act on. */
export interface LiveMarket {
  readonly symbols: readonly string[];
  readonly accounts: readonly string[];
  /** Sends a random command; returns the id of the order that it placed, if it placed one. */
  act(): Promise<string | null>;
}

/** A small market, and random commands that change every kind of state in it; seeded. */
export async function createLiveMarket(client: TradingClient, seed: number): Promise<LiveMarket> {
  const symbols = [await client.list(), await client.list()];
  const shares = Object.fromEntries(symbols.map((symbol) => [symbol, '500']));
  const accounts: string[] = [];
  for (let n = 0; n < 4; n += 1) accounts.push(await client.open({ cash: '5000.00', shares }));
  const orders: string[] = [];
  const random = createRandom(seed);
  const next = (below: number): number => Math.floor(random() * below);
  const oneOf = <Value>(values: readonly Value[]): Value => values[next(values.length)] as Value;

  async function place(): Promise<string> {
    const limitPrice = `${next(6) + 8}.00`;
    const order = { side: oneOf(['BUY', 'SELL']), quantity: `${next(9) + 1}`, limitPrice };
    const answer = await client.place(oneOf(accounts), oneOf(symbols), order);
    if (answer.code === undefined) orders.push(answer.order.id);
    return answer.order?.id ?? '';
  }

  return {
    symbols,
    accounts,
    async act() {
      const kind = next(10);
      if (kind < 5) return (await place()) || null;
      const accountId = oneOf(accounts);
      const symbol = oneOf(symbols);
      if (kind === 5)
        await client.command('depositCash', { accountId, amount: `${next(9) + 1}.00` });
      if (kind === 6) await client.command('withdrawCash', { accountId, amount: '1.00' });
      if (kind === 7 && orders.length > 0) {
        await client.command('cancelOrder', { orderId: oneOf(orders) });
      }
      if (kind === 8) await client.command('recordPrice', { symbol, price: `${next(5) + 9}.50` });
      if (kind === 9) {
        const name = oneOf(['haltTrading', 'resumeTrading']);
        await client.command(name, { symbol, reason: 'test' });
        if (name === 'haltTrading')
          await client.command('resumeTrading', { symbol, reason: 'test' });
      }
      return null;
    },
  };
}

/** Queries of every kind of field that can be live, with `$asOf` wherever it can be. */
export function liveQueries({ symbols, accounts }: LiveMarket): readonly string[] {
  const account = (id: string | undefined, fields: string) =>
    `account(id: "${id}", asOf: $asOf) { ${fields} }`;
  const symbol = symbols[0];
  const orders = 'nodes { orderId status filledQuantity fills { price } } pageInfo { hasNextPage }';
  return [
    ...accounts.map((id) => account(id, 'balance held available status version sequence')),
    ...accounts.map((id) => account(id, `orders(first: 3) { ${orders} }`)),
    account(accounts[0], 'portfolio { cash equity positions { symbol quantity marketValue } }'),
    account(accounts[1], `orders(last: 2) { ${orders} } history(last: 2) { nodes { type data } }`),
    account(accounts[2], 'history(first: 3) { nodes { type } pageInfo { hasNextPage } }'),
    `accounts(first: 2, asOf: $asOf) { nodes { accountId balance } }`,
    `accounts(last: 1, asOf: $asOf) { nodes { accountId balance } }`,
    `instrument(symbol: "${symbol}", asOf: $asOf) { lastPrice tradingStatus
      orderBook(depth: 2) { bids { price quantity orders } asks { price quantity } } }`,
    `instrument(symbol: "${symbols[1]}", asOf: $asOf) { lastPrice
      candles(interval: HOUR, from: "${hour(-2)}", to: "${hour(2)}") { close volume trades } }`,
    `instruments(asOf: $asOf) { nodes { symbol lastPrice } }`,
    `orders(filter: { symbol: "${symbol}" }, first: 2, asOf: $asOf) { ${orders} }`,
    `trades(symbol: "${symbol}", last: 2, asOf: $asOf) { nodes { price buyOrder { status } } }`,
    `events(filter: { types: ["TradeExecuted"] }, last: 1, asOf: $asOf) { nodes { sequence } }`,
    `events(filter: { streamId: "account-${accounts[3]}", types: ["CashDeposited"] }, last: 2,
      asOf: $asOf) { nodes { sequence } }`,
    `log(asOf: $asOf) { sequence recordedAt }`,
    `trialBalance(asOf: $asOf) { isBalanced assets { asset entries { account } } differences { accounts } }`,
    `${account(accounts[0], 'balance')} again: ${account(accounts[1], 'balance')}`,
  ];
}

function hour(offset: number): string {
  const hourMs = 3_600_000;
  return new Date((Math.floor(Date.now() / hourMs) + offset) * hourMs).toISOString();
}

/** Makes a query one that reads now. */
export function readingNow(query: string): string {
  return query.replaceAll(/, asOf: \$asOf|\(asOf: \$asOf\)|asOf: \$asOf/g, '');
}
