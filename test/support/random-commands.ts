import { randomUUID } from 'node:crypto';
import type { Input } from './trading-client.ts';
import type { SentCommand } from './twin-commands.ts';

/** The ids that random commands use; it grows as they open accounts and place orders. */
export interface Stage {
  readonly accounts: string[];
  readonly symbols: string[];
  readonly orders: string[];
}

type Pick = <Value>(values: readonly Value[]) => Value;

/** A random command, usually an order, and often acceptable; its ids come from the caller. */
export function randomCommand(random: () => number, stage: Stage): SentCommand {
  const pick: Pick = (values) => values[Math.floor(random() * values.length)] as never;
  // Most come from accounts with cash and shares.
  const accountId = pick([...stage.accounts, ...repeat(stage.accounts.slice(0, 4), 5)]);
  const symbol = pick(stage.symbols);
  const dice = random();
  if (dice < 0.5) return placeOrder(pick, stage, { accountId, symbol });
  if (dice < 0.64) return changeOrder(pick, stage);
  if (dice < 0.74) return recordPrice(pick, symbol);
  if (dice < 0.9) return moveFunds(pick, stage, { accountId, symbol });
  return changeStatus(pick, stage, { accountId, symbol });
}

interface Subject {
  readonly accountId: string;
  readonly symbol: string;
}

const prices = ['9.90', '9.95', '10.00', '10.00', '10.05', '10.10'];

function placeOrder(pick: Pick, { orders }: Stage, subject: Subject): SentCommand {
  const orderId = randomUUID();
  orders.push(orderId);
  const type = pick([...repeat(['LIMIT'], 8), 'MARKET', 'STOP', 'STOP_LIMIT']);
  const side = pick(['BUY', 'SELL']);
  // Most prices meet resting orders of the other side.
  const limits = side === 'BUY' ? prices.slice(2) : prices.slice(0, 4);
  const input: Input = {
    ...subject,
    orderId,
    type,
    side,
    timeInForce: pick([...repeat(['GTC'], 6), 'DAY', 'IOC', 'FOK']),
    quantity: pick(['1', '2', '3', '3', '5', '5', '8', '40']),
    ...(type.includes('LIMIT') ? { limitPrice: pick(limits) } : {}),
    ...(type.includes('STOP') ? { stopPrice: pick(prices) } : {}),
  };
  return { name: 'placeOrder', input };
}

function changeOrder(pick: Pick, { orders }: Stage): SentCommand {
  const orderId = pick(orders.slice(-15)) ?? randomUUID();
  if (pick([true, false])) return { name: 'cancelOrder', input: { orderId, reason: 'no more' } };
  const newOrderId = randomUUID();
  orders.push(newOrderId);
  const input = { orderId, newOrderId, quantity: pick(['2', '6', '9', null]) };
  return { name: 'replaceOrder', input: { ...input, limitPrice: pick([...prices, null]) } };
}

function recordPrice(pick: Pick, symbol: string): SentCommand {
  const past = (): string => new Date(Date.now() - pick([1_000, 5_000, 60_000])).toISOString();
  const price = (): string => pick(prices);
  if (pick([true, true, false])) {
    const occurredAt = pick([null, null, past()]);
    return { name: 'recordPrice', input: { symbol, price: price(), occurredAt } };
  }
  const points = [1, 2, 3].map(() => ({ price: price(), occurredAt: past() }));
  return { name: 'recordPrices', input: { symbol, prices: points } };
}

function moveFunds(pick: Pick, { accounts }: Stage, { accountId, symbol }: Subject): SentCommand {
  const amount = pick(['0.01', '25.00', '300.00', '9000.00']);
  const name = pick(['depositCash', 'withdrawCash', 'creditInterest', 'transferCash', 'shares']);
  if (name === 'shares') {
    const input = { accountId, symbol, quantity: pick(['1', '30']), costPrice: pick(prices) };
    return { name: 'depositShares', input };
  }
  if (name === 'transferCash') {
    const input = { fromAccountId: accountId, toAccountId: pick(accounts), amount };
    return { name, input };
  }
  return { name, input: { accountId, amount, occurredAt: pick([null, '2020-01-01T00:00:00Z']) } };
}

function changeStatus(pick: Pick, stage: Stage, { accountId, symbol }: Subject): SentCommand {
  const name = pick([
    ...['openAccount', 'closeAccount', 'freezeAccount', 'listInstrument', 'haltTrading'],
    ...repeat(['unfreezeAccount', 'resumeTrading', 'resumeTrading'], 4),
  ]);
  if (name === 'openAccount') {
    const opened = randomUUID();
    stage.accounts.push(opened);
    return { name, input: { accountId: opened, owner: 'Ada', currency: 'USD' } };
  }
  if (name === 'listInstrument') {
    const listed = `N${randomUUID().slice(0, 8).toUpperCase()}`;
    const sizes = { tickSize: '0.05', lotSize: '1' };
    return { name, input: { symbol: listed, name: 'New', currency: 'USD', ...sizes } };
  }
  return { name, input: name.endsWith('Trading') ? { symbol } : { accountId } };
}

function repeat<Item>(items: readonly Item[], times: number): readonly Item[] {
  return Array<readonly Item[]>(times).fill(items).flat();
}
