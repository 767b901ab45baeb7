import { randomUUID } from 'node:crypto';
import type { TestServer } from './server.ts';
import { accepted, createTradingClient, type Input } from './trading-client.ts';

/** An instrument with its fees in basis points. */
export interface Listed {
  readonly symbol: string;
  readonly makerFeeBps: string;
  readonly takerFeeBps: string;
  readonly tick: number;
  readonly lot: number;
}

/** An order as it was requested, accepted or not. */
export interface RequestedOrder {
  readonly id: string;
  readonly accountId: string;
  readonly listed: Listed;
  readonly replaces: string | null;
}

/** The answer to an accepted command. */
export interface Seen {
  readonly sequence: number;
  readonly name: string;
  readonly input: Input;
  readonly account: { readonly id: string; readonly balance: string; readonly held: string } | null;
  readonly order: OrderState | null;
}

export interface OrderState {
  readonly id: string;
  readonly status: string;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
}

/** The commands and answers of concurrent clients. */
export interface Run {
  readonly instruments: readonly Listed[];
  readonly accounts: readonly string[];
  readonly orders: ReadonlyMap<string, RequestedOrder>;
  readonly seen: readonly Seen[];
  /** The number of rejected commands by code. */
  readonly rejections: ReadonlyMap<string, number>;
}

export interface RunOptions {
  readonly seed: number;
  readonly clients: number;
  readonly commands: number;
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const accountsCount = 8;

/** Lets clients send random commands over HTTP; each waits for its last answer first. */
export async function trade(server: TestServer, options: RunOptions): Promise<Run> {
  const client = createTradingClient(server);
  const instruments: readonly Listed[] = [
    { symbol: 'WHOLE', makerFeeBps: '10', takerFeeBps: '25', tick: 0.01, lot: 1 },
    { symbol: 'PART', makerFeeBps: '5.5', takerFeeBps: '30', tick: 0.05, lot: 0.1 },
  ];
  const seen: Seen[] = [];
  const orders = new Map<string, RequestedOrder>();
  const rejections = new Map<string, number>();
  for (const listed of instruments) {
    await accepted(client.command('listInstrument', toListing(listed)));
  }
  const accounts: string[] = [];
  while (accounts.length < accountsCount) {
    const accountId = await client.open();
    accounts.push(accountId);
    await send('depositCash', { accountId, amount: '1500.00' });
    for (const { symbol } of instruments) {
      const shares = { accountId, symbol, quantity: '60', costPrice: '10.00' };
      await send('depositShares', shares);
    }
  }

  async function send(name: string, input: Input): Promise<void> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const order = /Order$/.test(name) ? 'order { id status filledQuantity leavesQuantity }' : '';
    const account = name === 'recordPrice' ? '' : 'account { id balance held }';
    const { data, errors } = await server.send<Record<string, Seen & { code?: string }>>(
      `mutation M($input: ${type}Input!) { ${name}(input: $input) {
        ... on ${type}Payload { sequence ${order} ${account} } ... on Error { code } } }`,
      { input },
    );
    const answer = data?.[name];
    // On a busy machine an order may arrive after its own expiry; then it changes nothing.
    if (errors?.every(({ message }) => /^expiresAt must be in the future, not /.test(message)))
      return;
    if (errors || answer === undefined) throw new Error(JSON.stringify({ name, input, errors }));
    if (answer.code !== undefined) {
      rejections.set(answer.code, (rejections.get(answer.code) ?? 0) + 1);
      return;
    }
    const { sequence, account: after = null, order: state = null } = answer;
    seen.push({ sequence: Number(sequence), name, input, account: after, order: state });
  }

  async function run(random: () => number, count: number): Promise<void> {
    const own: string[] = [];
    for (let done = 0; done < count; done += 1) {
      const { name, input, order } = nextCommand(random, { instruments, accounts, orders, own });
      if (order !== null) {
        orders.set(order.id, order);
        own.push(order.id);
      }
      await send(name, input);
    }
  }

  const { seed, clients, commands } = options;
  const each = Math.ceil(commands / clients);
  await Promise.all(
    Array.from({ length: clients }, (_, index) => run(createRandom(seed + index), each)),
  );
  return { instruments, accounts, orders, seen, rejections };
}

function toListing({ symbol, tick, lot, makerFeeBps, takerFeeBps }: Listed): Input {
  return {
    symbol,
    name: symbol,
    currency: 'USD',
    makerFeeBps,
    takerFeeBps,
    tickSize: String(tick),
    lotSize: String(lot),
  };
}

interface Stage {
  readonly instruments: readonly Listed[];
  readonly accounts: readonly string[];
  readonly orders: ReadonlyMap<string, RequestedOrder>;
  /** The orders that the client has placed. */
  readonly own: readonly string[];
}

interface RandomCommand {
  readonly name: string;
  readonly input: Input;
  readonly order: RequestedOrder | null;
}

function nextCommand(
  random: () => number,
  { instruments, accounts, orders, own }: Stage,
): RandomCommand {
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(random() * values.length)] as Value;
  const listed = pick(instruments);
  const accountId = pick(accounts);
  const price = ({ tick }: Listed): string =>
    (Math.round((9.5 + random()) / tick) * tick).toFixed(2);
  const quantity = (): string =>
    (Math.ceil((random() * 12) / listed.lot) * listed.lot).toFixed(listed.lot === 1 ? 0 : 1);
  const dice = random();
  const latest = own.slice(-12);
  if (dice < 0.14 && latest.length > 0) {
    return { name: 'cancelOrder', input: { orderId: pick(latest) }, order: null };
  }
  if (dice < 0.28 && latest.length > 0) {
    const old = orders.get(pick(latest));
    if (old === undefined) throw new Error('the order was never requested');
    const newOrderId = randomUUID();
    const limitPrice = random() < 0.5 ? price(old.listed) : null;
    const input = { orderId: old.id, newOrderId, limitPrice, quantity: String(pick([2, 5, 9])) };
    const order = { ...old, id: newOrderId, replaces: old.id };
    return { name: 'replaceOrder', input, order };
  }
  if (dice < 0.33) {
    const input = { symbol: listed.symbol, price: (9.7 + random() * 0.6).toFixed(3) };
    return { name: 'recordPrice', input, order: null };
  }
  const amount = (random() * 40 + 0.01).toFixed(2);
  if (dice < 0.37) return { name: 'depositCash', input: { accountId, amount }, order: null };
  if (dice < 0.41) return { name: 'withdrawCash', input: { accountId, amount }, order: null };
  const id = randomUUID();
  const type = pick(['LIMIT', 'LIMIT', 'LIMIT', 'LIMIT', 'MARKET', 'STOP', 'STOP_LIMIT']);
  const timeInForce = pick(['GTC', 'GTC', 'GTC', 'DAY', 'IOC', 'FOK', 'GTD']);
  const rests = timeInForce !== 'IOC' && timeInForce !== 'FOK';
  const expiresAt = new Date(Date.now() + 200 + random() * 3_000).toISOString();
  const input = {
    orderId: id,
    accountId,
    symbol: listed.symbol,
    side: pick(['BUY', 'SELL']),
    type,
    timeInForce,
    quantity: quantity(),
    ...(type === 'LIMIT' || type === 'STOP_LIMIT' ? { limitPrice: price(listed) } : {}),
    ...(type === 'STOP' || type === 'STOP_LIMIT' ? { stopPrice: price(listed) } : {}),
    ...(timeInForce === 'GTD' ? { expiresAt } : {}),
    ...(type === 'LIMIT' && rests && random() < 0.1 ? { postOnly: true } : {}),
  };
  return { name: 'placeOrder', input, order: { id, accountId, listed, replaces: null } };
}
