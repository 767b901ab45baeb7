import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Account,
  accountDecider,
  availableOf,
} from '../../../src/contexts/accounts/account.ts';
import * as commands from '../../../src/contexts/accounts/commands.ts';
import { accountEvents } from '../../../src/contexts/accounts/events.ts';
import { accountsView } from '../../../src/contexts/accounts/views.ts';
import type { CommandDefinition } from '../../../src/kernel/command.ts';
import { type Fact, given } from '../../support/scenario.ts';

const { openAccount, depositCash, creditInterest, withdrawCash, transferCash } = commands;
const { freezeAccount, unfreezeAccount, closeAccount } = commands;

const opened = (id = 'a', currency = 'USD'): Fact => ({
  id,
  type: 'AccountOpened',
  data: { owner: 'ann', currency },
});
const moved = (type: string, amount: string, rest: object = {}): Fact => ({
  id: 'a',
  type,
  data: { amount, currency: 'USD', reference: null, ...rest },
});
const frozen: Fact = { id: 'a', type: 'AccountFrozen', data: { reason: null } };
const unfrozen: Fact = { id: 'a', type: 'AccountUnfrozen', data: { reason: null } };
const closed: Fact = { id: 'a', type: 'AccountClosed', data: {} };
const open100 = [opened(), moved('CashDeposited', '100.00')];
const accountId = 'a';

test('an account is opened empty, with an owner and a currency', () => {
  const input = { accountId, owner: 'ann', currency: 'USD' };
  given([]).when(openAccount, input).thenRecords(opened());
  expect(given([opened()]).stateOf(accountDecider, 'a')).toEqual({
    id: 'a',
    owner: 'ann',
    currency: 'USD',
    balance: '0.00',
    held: '0.00',
    status: 'OPEN',
    version: 1,
    sequence: 1,
    holdings: {},
    grants: [],
    markets: [],
    olderOrders: [],
    openedAt: '2026-01-01T00:00:00.000000Z',
    updatedAt: '2026-01-01T00:00:00.000000Z',
  });
});

test('an account that is opened without an id gets a new id', () => {
  const { facts } = given([]).when(openAccount, { owner: 'ann', currency: 'USD' });
  expect(facts).toEqual([opened('new 1')]);
});

test.each([[[opened()]], [[opened(), closed]]])('an account is opened only once', (history) => {
  given(history)
    .when(openAccount, { accountId, owner: 'bob', currency: 'EUR' })
    .thenIsRejected('ACCOUNT_ALREADY_EXISTS', { accountId });
});

test.each([
  ['USD', '0.00'],
  ['JPY', '0'],
  ['KWD', '0.000'],
])('an account in %s has the digits of the minor unit: %s', (currency, zero) => {
  expect(given([opened('a', currency)]).stateOf(accountDecider, 'a')?.balance).toBe(zero);
});

test.each([
  [depositCash, 'CashDeposited'],
  [creditInterest, 'InterestCredited'],
] as const)('$0.name adds cash to an account that is open or frozen', (command, type) => {
  for (const history of [[opened()], [opened(), frozen]]) {
    given(history)
      .when(command, { accountId, amount: '1.50', reference: 'gift' })
      .thenRecords(moved(type, '1.50', { reference: 'gift' }));
    const state = given([...history, moved(type, '1.5')]).stateOf(accountDecider, 'a');
    expect(state?.balance).toBe('1.50');
  }
});

test('a balance has no more digits than a Decimal can have', () => {
  const full = '99999999999999999999.99';
  const history = [opened(), moved('CashDeposited', full), opened('b')];
  const rich = [...history, { ...moved('CashDeposited', '5.00'), id: 'b' }];
  for (const command of [depositCash, creditInterest]) {
    given(history)
      .when(command, { accountId, amount: '0.01' })
      .thenIsRejected('INVALID_AMOUNT', { amount: '0.01' });
    given([opened()])
      .when(command, { accountId, amount: full })
      .thenRecords(moved(command === depositCash ? 'CashDeposited' : 'InterestCredited', full));
  }
  given(rich)
    .when(transferCash, { fromAccountId: 'b', toAccountId: 'a', amount: '0.01' })
    .thenIsRejected('INVALID_AMOUNT', { amount: '0.01' });
});

test('all cash can be withdrawn', () => {
  given(open100)
    .when(withdrawCash, { accountId, amount: '100.00' })
    .thenRecords(moved('CashWithdrawn', '100.00'));
  const state = given([...open100, moved('CashWithdrawn', '100')]).stateOf(accountDecider, 'a');
  expect(state).toMatchObject({ balance: '0.00', version: 3, sequence: 3 });
});

test('more than the available cash cannot be withdrawn', () => {
  given(open100)
    .when(withdrawCash, { accountId, amount: '100.01' })
    .thenIsRejected('INSUFFICIENT_FUNDS', {
      accountId,
      available: '100.00',
      requested: '100.01',
    });
});

test('reserved cash is not available', () => {
  const account = given(open100).stateOf(accountDecider, 'a') as Account;
  expect(availableOf({ ...account, held: '30.50' })).toBe('69.50');
});

test('a transfer records two adjacent events', () => {
  given([...open100, opened('b')])
    .when(transferCash, {
      fromAccountId: 'a',
      toAccountId: 'b',
      amount: '40.00',
      reference: 'rent',
    })
    .thenRecords(moved('CashTransferredOut', '40.00', { toAccountId: 'b', reference: 'rent' }), {
      ...moved('CashTransferredIn', '40.00', { fromAccountId: 'a', reference: 'rent' }),
      id: 'b',
    });
});

test('a frozen account receives transfers but sends none', () => {
  const history = [...open100, frozen, opened('b'), { ...open100[1], id: 'b' } as Fact];
  const input = { fromAccountId: 'a', toAccountId: 'b', amount: '1.00' };
  const status = { accountId, status: 'FROZEN' };
  given(history).when(transferCash, input).thenIsRejected('ACCOUNT_NOT_OPEN', status);
  const back = { fromAccountId: 'b', toAccountId: 'a', amount: '1.00' };
  expect(given(history).when(transferCash, back).facts).toHaveLength(2);
});

test.each([
  ['to itself', 'a', 'INVALID_TRANSFER', { accountId }],
  ['to an unknown account', 'none', 'ACCOUNT_NOT_FOUND', { accountId: 'none' }],
  ['to another currency', 'eur', 'CURRENCY_MISMATCH', { expected: 'USD', actual: 'EUR' }],
  ['to a closed account', 'shut', 'ACCOUNT_NOT_OPEN', { accountId: 'shut', status: 'CLOSED' }],
])('no cash is transferred %s', (_, toAccountId, code, data) => {
  const others = [opened('eur', 'EUR'), opened('shut'), { ...closed, id: 'shut' }];
  given([...open100, ...others])
    .when(transferCash, { fromAccountId: 'a', toAccountId, amount: '1.00' })
    .thenIsRejected(code, data);
});

test('more than the available cash cannot be transferred', () => {
  given([...open100, opened('b')])
    .when(transferCash, { fromAccountId: 'a', toAccountId: 'b', amount: '100.01' })
    .thenIsRejected('INSUFFICIENT_FUNDS', { available: '100.00', requested: '100.01' });
});

type OnOneAccount = CommandDefinition<commands.MoveCash>;
const single: readonly OnOneAccount[] = [depositCash, creditInterest, withdrawCash];

test.each(single)('$name rejects an amount that is zero, negative or too fine', (command) => {
  for (const amount of ['0', '0.00', '-0', '-1.00', '0.001', '1.999']) {
    given(open100)
      .when(command, { accountId, amount })
      .thenIsRejected('INVALID_AMOUNT', { amount });
  }
  const yen = given([opened('a', 'JPY')]);
  yen.when(command, { accountId, amount: '1.5' }).thenIsRejected('INVALID_AMOUNT', {});
});

test('a transfer rejects an amount that is zero, negative or too fine', () => {
  for (const amount of ['0', '-1.00', '0.001']) {
    given([...open100, opened('b')])
      .when(transferCash, { fromAccountId: 'a', toAccountId: 'b', amount })
      .thenIsRejected('INVALID_AMOUNT', { amount });
  }
});

test('an amount may have more trailing zeros than the currency has digits', () => {
  expect(given([opened()]).when(depositCash, { accountId, amount: '1.500' }).rejection).toBeNull();
});

const onOne: readonly OnOneAccount[] = [...single, freezeAccount, unfreezeAccount, closeAccount];

test.each(onOne)('$name needs an account', (command) => {
  given([opened('b')])
    .when(command, { accountId, amount: '1.00' })
    .thenIsRejected('ACCOUNT_NOT_FOUND', { accountId });
});

test.each<OnOneAccount>([...single, freezeAccount, unfreezeAccount])(
  '$name is rejected if the account is closed',
  (command) => {
    given([opened(), closed])
      .when(command, { accountId, amount: '1.00' })
      .thenIsRejected('ACCOUNT_NOT_OPEN', { accountId, status: 'CLOSED' });
  },
);

test('cash cannot leave a frozen account, and the account cannot be closed', () => {
  const status = { accountId, status: 'FROZEN' };
  const scenario = given([...open100, frozen]);
  const input = { accountId, amount: '1.00' };
  scenario.when(withdrawCash, input).thenIsRejected('ACCOUNT_NOT_OPEN', status);
  given([opened(), frozen])
    .when(closeAccount, { accountId })
    .thenIsRejected('ACCOUNT_NOT_OPEN', status);
});

test('freezing and unfreezing record only a change of the status', () => {
  const reason = 'a court order';
  given([opened()])
    .when(freezeAccount, { accountId, reason })
    .thenRecords({ ...frozen, data: { reason } });
  given([opened(), frozen]).when(freezeAccount, { accountId, reason }).thenRecords();
  given([opened(), frozen]).when(unfreezeAccount, { accountId }).thenRecords(unfrozen);
  given([opened()]).when(unfreezeAccount, { accountId }).thenRecords();
  const state = given([opened(), frozen, unfrozen]).stateOf(accountDecider, 'a');
  expect(state?.status).toBe('OPEN');
});

test('only an empty account is closed, and only once', () => {
  given([opened()]).when(closeAccount, { accountId }).thenRecords(closed);
  given([opened(), closed]).when(closeAccount, { accountId }).thenRecords();
  given(open100)
    .when(closeAccount, { accountId })
    .thenIsRejected('ACCOUNT_NOT_EMPTY', { accountId, balance: '100.00' });
});

test('a stream that does not begin with AccountOpened is an error', () => {
  const headless = given([moved('CashDeposited', '1.00')]);
  expect(() => headless.stateOf(accountDecider, 'a')).toThrow(
    'account-a begins with CashDeposited',
  );
});

test('commands name their target stream, except openAccount', () => {
  for (const { target } of onOne) expect(target?.({ accountId, amount: '1' })?.id).toBe('a');
  const input = { fromAccountId: 'a', toAccountId: 'b', amount: '1' };
  expect(transferCash.target?.(input)?.id).toBe('a');
  expect(openAccount.target).toBeUndefined();
});

test('the view folds every event of an account', () => {
  expect(new Set(accountsView.types)).toEqual(new Set(Object.keys(accountEvents)));
});

const ids = ['a', 'b', 'c', 'jpy'];
const step = fc.record({
  definition: fc.constantFrom(...Object.values(commands)),
  from: fc.constantFrom(...ids),
  to: fc.constantFrom(...ids),
  amount: fc.constantFrom('0', '-1', '0.001', '0.01', '0.1', '1', '2.50', '99.99', '100', '1000'),
});

test('random programs of commands keep the invariants', () => {
  const programs = fc.array(step, { maxLength: 60 });
  fc.assert(
    fc.property(programs, (program) => {
      let facts: readonly Fact[] = [opened('a'), opened('b'), opened('jpy', 'JPY')];
      for (const { definition, from, to, amount } of program) {
        const input = {
          accountId: from,
          fromAccountId: from,
          toAccountId: to,
          amount,
          owner: 'ann',
          currency: from === 'jpy' ? 'JPY' : 'USD',
        };
        const answer = given(facts).when(definition as typeof closeAccount, input);
        if (answer.rejection !== null) {
          const codes = definition.rejections.map(({ code }) => code);
          expect(codes).toContain(answer.rejection.code);
        }
        facts = [...facts, ...answer.facts];
      }
      for (const id of ids) expectInvariants(facts, id);
      expect(sumOf(facts, (fact) => signOf(fact))).toBe(
        sumOf(facts, (fact) => (fact.type.startsWith('CashTransferred') ? 0n : signOf(fact))),
      );
    }),
    { numRuns: 300 },
  );
});

function expectInvariants(facts: readonly Fact[], id: string): void {
  const own = facts.filter((fact) => fact.id === id);
  const account = given(facts).stateOf(accountDecider, id);
  if (account === null) {
    expect(own).toEqual([]);
    return;
  }
  expect(own[0]?.type).toBe('AccountOpened');
  expect(toThousandths(account.balance)).toBe(sumOf(own, signOf));
  expect(toThousandths(account.balance)).toBeGreaterThanOrEqual(0n);
  expect(account.balance).toMatch(account.currency === 'JPY' ? /^\d+$/ : /^\d+\.\d\d$/);
  expect(account.version).toBe(own.length);
  const end = own.findIndex(({ type }) => type === 'AccountClosed');
  if (end >= 0) expect([own.length, Number(account.balance)]).toEqual([end + 1, 0]);
}

function sumOf(facts: readonly Fact[], sign: (fact: Fact) => bigint): bigint {
  return facts.reduce(
    (sum, fact) =>
      sum + sign(fact) * toThousandths((fact.data as { amount?: string }).amount ?? '0'),
    0n,
  );
}

function signOf({ type }: Fact): bigint {
  if (['CashDeposited', 'InterestCredited', 'CashTransferredIn'].includes(type)) return 1n;
  return ['CashWithdrawn', 'CashTransferredOut'].includes(type) ? -1n : 0n;
}

function toThousandths(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(3, '0'));
}
