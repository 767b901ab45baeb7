import fc from 'fast-check';
import { getNamedType, isInputObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from '../../../src/api/schema.ts';
import { type AccountState, accountDecider } from '../../../src/contexts/accounts/account.ts';
import {
  closeAccount,
  creditInterest,
  depositCash,
  grantAccess,
  type MoveCash,
  revokeAccess,
  transferCash,
  withdrawCash,
} from '../../../src/contexts/accounts/commands.ts';
import { holdingOf } from '../../../src/contexts/accounts/holdings.ts';
import { modules } from '../../../src/contexts/all.ts';
import { openOrdersIn } from '../../../src/contexts/trading/matching/account-orders.ts';
import { bookDecider } from '../../../src/contexts/trading/matching/book.ts';
import type { CommandDefinition } from '../../../src/kernel/command.ts';
import { compare } from '../../../src/lib/decimal.ts';
import { type Exchange, openExchange } from '../../support/exchange.ts';

/**
 * The events that a frozen account may still have. A closed account may have none. Grants move
 * nothing: an account at any status may have them.
 */
const harmless: ReadonlySet<string> = new Set([
  'CashDeposited',
  'InterestCredited',
  'CashTransferredIn',
  'SharesDeposited',
  'AccountFrozen',
  'AccountUnfrozen',
]);

interface Try {
  readonly account: 'fay' | 'oto';
  readonly price: string;
  readonly pick: number;
}

type Attempt = (x: Exchange, wanted: Try, id: string) => unknown;

const cash = (command: CommandDefinition<MoveCash>): Attempt => {
  return (x, { account, price }) => x.world.submit(command, { accountId: account, amount: price });
};
const place = (text: (wanted: Try) => string): Attempt => {
  return (x, wanted, id) => x.place(`${id}: ${wanted.account} ${text(wanted)}`);
};

/** All mutations and all other moves of a market; each may try to take from an account. */
const attempts: Readonly<Record<string, Attempt>> = {
  openAccount: (x, { account }) => x.open(account),
  depositCash: cash(depositCash),
  withdrawCash: cash(withdrawCash),
  creditInterest: cash(creditInterest),
  transferCash(x, { account, price }) {
    const [fromAccountId, toAccountId] = account === 'fay' ? ['fay', 'oto'] : ['oto', 'fay'];
    x.world.submit(transferCash, { fromAccountId, toAccountId, amount: price });
  },
  freezeAccount: (x, { account }) => x.freeze(account),
  unfreezeAccount: (x, { account, pick }) => (pick % 8 === 0 ? x.unfreeze(account) : null),
  grantAccess: (x, { account, pick }) =>
    x.world.submit(grantAccess, { accountId: account, actor: `a${pick % 3}`, access: 'FULL' }),
  revokeAccess: (x, { account, pick }) =>
    x.world.submit(revokeAccess, { accountId: account, actor: `a${pick % 3}` }),
  closeAccount: (x, { account }) => x.world.submit(closeAccount, { accountId: account }),
  listInstrument: (x, { price }) => x.list({ symbol: `N${price.replace('.', '')}` }),
  recordPrice: (x, { price, pick }) => x.price(price, { symbol: symbolOf(pick) }),
  recordPrices: (x, { price }) => x.prices([{ price, secondsAgo: 0 }]),
  haltTrading: (x, { pick }) => x.halt(symbolOf(pick)),
  resumeTrading: (x, { pick }) => x.resume(symbolOf(pick)),
  depositShares: (x, { account, pick }) => x.depositShares(account, '5', symbolOf(pick)),
  placeOrder: place(({ price, pick }) => `${sideOf(pick)} 5 ${symbolOf(pick)} at ${price}`),
  'placeOrder, MARKET': place(({ pick }) => `${sideOf(pick)} 5 ${symbolOf(pick)}`),
  'placeOrder, STOP': place(
    ({ price, pick }) => `${sideOf(pick)} 5 ${symbolOf(pick)} stop ${price}`,
  ),
  'placeOrder, STOP_LIMIT': place(
    ({ price, pick }) => `${sideOf(pick)} 5 ${symbolOf(pick)} at ${price} stop ${price} GTD 60s`,
  ),
  cancelOrder: (x, { pick }) => withOrder(x, pick, (id) => x.cancel(id)),
  replaceOrder: (x, { pick, price }, to) =>
    withOrder(x, pick, (id) => x.replace(id, { to, quantity: '6', limitPrice: price })),
  'the expiry of orders': (x, { pick }) => withOrder(x, pick, (id) => x.expire(id)),
  'the passing of time': (x, { pick }) => x.wait(pick * 10),
};

function sideOf(pick: number): string {
  return pick % 2 === 0 ? 'buys' : 'sells';
}

function symbolOf(pick: number): string {
  return pick % 3 === 0 ? 'XYZ' : 'ABC';
}

function withOrder(x: Exchange, pick: number, change: (id: string) => unknown): unknown {
  const orders = x.orders();
  const order = orders[orders.length - 1 - (pick % Math.max(orders.length, 1))];
  return order === undefined ? null : change(order.id);
}

const steps = fc.array(
  fc.record({
    attempt: fc.constantFrom(...Object.keys(attempts)),
    account: fc.constantFrom('fay' as const, 'oto' as const),
    price: fc.constantFrom('9.98', '9.99', '10.00', '10.01', '10.02'),
    pick: fc.nat(23),
  }),
  { minLength: 30, maxLength: 120, size: 'max' },
);

/** Two accounts that trade in two instruments. */
function openTwo(): Exchange {
  const means = { cash: '300.00', shares: { ABC: '30', XYZ: '30' } };
  const x = openExchange({}, { takerFeeBps: '10' });
  x.list({ symbol: 'XYZ', tickSize: '0.01', lotSize: '0.5' });
  for (const id of ['fay', 'oto']) x.open(id, means);
  return x;
}

/** Throws at the first event that moves something out of an account that is not open. */
function assertNothingLeft(x: Exchange, accountId: string): void {
  let state: AccountState | null = null;
  /** The freezing command, which releases what was reserved. */
  let freezing: string | null = null;
  for (const event of x.world.events) {
    if (event.streamId !== `account-${accountId}`) continue;
    const before: AccountState | null = state;
    state = accountDecider.evolve(state, event as never);
    if (event.type === 'AccountFrozen') freezing = event.commandId;
    if (before === null || before.status === 'OPEN' || state === null) continue;
    const isRelease = event.commandId === freezing && /Released$/.test(event.type);
    const what = `${event.sequence} ${event.type} of an account that is ${before.status}`;
    if (event.type === 'AccessGranted' || event.type === 'AccessRevoked') continue;
    if (before.status === 'CLOSED') throw new Error(what);
    if (!harmless.has(event.type) && !isRelease) throw new Error(what);
    expect(compare(state.balance, before.balance), what).toBeGreaterThanOrEqual(0);
    for (const symbol of ['ABC', 'XYZ']) {
      const [now, then] = [state, before].map(({ holdings }) => holdingOf(holdings, symbol));
      expect(compare(now?.quantity ?? '0', then?.quantity ?? '0'), what).toBeGreaterThanOrEqual(0);
    }
  }
}

function assertNoOpenOrders(x: Exchange, accountId: string): void {
  const account = x.world.stateOf(accountDecider, accountId);
  if (account === null || account.status === 'OPEN') return;
  expect(account.held).toBe('0.00');
  for (const symbol of ['ABC', 'XYZ']) {
    expect(holdingOf(account.holdings, symbol).held).toBe('0');
    const book = x.world.stateOf(bookDecider, symbol);
    expect(book === null ? [] : openOrdersIn(book, accountId)).toEqual([]);
  }
}

test('every mutation is tried on frozen and closed accounts', () => {
  const fields = Object.values(buildSchema(modules).getMutationType()?.getFields() ?? {});
  // The mutations of operators, such as those of bridges, are no commands. Commands about people
  // record nothing in accounts.
  const commands = fields.filter(({ name, args: [input] }) => {
    if (/Person$/.test(name)) return false;
    const type = getNamedType(input?.type);
    return isInputObjectType(type) && Object.hasOwn(type.getFields(), 'idempotencyKey');
  });
  expect(commands.length).toBeGreaterThan(15);
  expect(Object.keys(attempts)).toEqual(expect.arrayContaining(commands.map(({ name }) => name)));
});

test('nothing leaves an account that is frozen or closed, whatever is tried', () => {
  const seen = { frozen: 0 };
  fc.assert(
    fc.property(steps, (program) => {
      const x = openTwo();
      for (const [index, { attempt, ...wanted }] of program.entries()) {
        attempts[attempt]?.(x, wanted, `o${index}`);
        for (const id of ['fay', 'oto']) assertNoOpenOrders(x, id);
      }
      for (const id of ['fay', 'oto']) assertNothingLeft(x, id);
      seen.frozen += x.world.events.filter(({ type }) => type === 'AccountFrozen').length;
    }),
    { numRuns: 150 },
  );
  // A run in which few accounts are frozen would prove little.
  expect(seen.frozen).toBeGreaterThan(100);
});

describe('an account that is emptied and closed', () => {
  test('has no further events but those of access, whatever is tried', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const x = openTwo();
        const half = Math.floor(program.length / 2);
        for (const [index, { attempt, ...wanted }] of program.entries()) {
          if (index === half) emptyAndClose(x, 'fay');
          attempts[attempt]?.(x, wanted, `o${index}`);
          for (const id of ['fay', 'oto']) assertNoOpenOrders(x, id);
        }
        for (const id of ['fay', 'oto']) assertNothingLeft(x, id);
        expect(x.world.stateOf(accountDecider, 'fay')?.status).toBe('CLOSED');
      }),
      { numRuns: 100 },
    );
  });
});

/** Empties an account so that it can be closed; stop orders may remain. */
function emptyAndClose(x: Exchange, accountId: string): void {
  const close = () => x.world.submit(closeAccount, { accountId });
  x.unfreeze(accountId);
  for (const symbol of ['ABC', 'XYZ']) x.resume(symbol);
  const { holdings } = x.world.stateOf(accountDecider, accountId) ?? { holdings: {} };
  for (const { id } of x.orders().filter((order) => order.accountId === accountId)) x.cancel(id);
  x.open('tom', { cash: '100000.00' });
  for (const symbol of Object.keys(holdings)) {
    const { quantity } = holdingOf(holdings, symbol);
    for (const other of x.orders().filter((order) => order.symbol === symbol)) x.cancel(other.id);
    x.place(`${accountId}${symbol}b: tom buys ${quantity} ${symbol} at 10.00`);
    x.place(`${accountId}${symbol}s: ${accountId} sells ${quantity} ${symbol}`);
  }
  const { balance = '0' } = x.world.stateOf(accountDecider, accountId) ?? {};
  x.withdrawCash(accountId, balance);
  x.price('9.00');
  x.place(`${accountId}stop: ${accountId} buys 1 stop 99.00`);
  expect(close().rejection).toMatchObject({ code: 'ACCOUNT_NOT_EMPTY', data: { openOrders: 1 } });
  x.cancel(`${accountId}stop`);
  expect(close().rejection).toBeNull();
}
