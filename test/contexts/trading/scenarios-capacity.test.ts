import { describe, expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

/** The largest amount of cash that a Decimal can show. */
const most = '99999999999999999999.99';
const people = {
  sam: { shares: { ABC: '100' } },
  ben: {},
  rich: { cash: most, shares: { ABC: '100' } },
};

describe('a sale beyond the capacity of the seller', () => {
  test.each(['o1: rich sells 1 at 1.00', 'o1: rich sells 1', 'o1: rich sells 1 at 1.00 IOC'])(
    'is rejected before anything happens: %s',
    (text) => {
      const x = openExchange(people);
      x.place('b1: ben buys 10 at 1.00');
      expect(x.place(text)).toBe('INVALID_AMOUNT');
      expect(x.last().rejection?.data).toEqual({ amount: '1.00' });
      expect(x.last().events.map(({ type }) => type)).toEqual(['OrderRejected']);
      expect(x.trades()).toEqual([]);
    },
  );

  test('is accepted if it fits to the last minor unit', () => {
    const x = openExchange(people);
    x.withdrawCash('rich', '6.00');
    x.place('b1: ben buys 1 at 2.00');
    x.place('b2: ben buys 9 at 1.00');
    expect(x.place('o1: rich sells 5')).toBeNull();
    expect(x.cash('rich')).toBe(`${most} (held 0.00)`);
    expect(x.place('o2: rich sells 1')).toBe('INVALID_AMOUNT');
  });

  test('cancels the resting order, and the buyer meets the next one', () => {
    const x = openExchange({ ...people, rich: { ...people.rich, cash: '1.00' } });
    x.place('s1: rich sells 5 at 2.00');
    x.place('s2: sam sells 5 at 2.00');
    x.depositCash('rich', '99999999999999999990.00');
    x.place('b1: ben buys 5 at 2.00');
    expect(x.state('s1')).toBe('CANCELED 0/0 (INVALID_AMOUNT)');
    expect(x.tape()).toEqual(['5 at 2.00: b1 from s2']);
    expect(x.shares('rich')).toBe('100 (held 0)');
  });

  test('cancels the stop order when it is triggered', () => {
    const x = openExchange(people);
    x.withdrawCash('rich', '10.00');
    x.place('s1: rich sells 5 stop 2.00');
    x.place('b1: ben buys 10 at 1.50');
    x.depositCash('rich', '10.00');
    x.price('2.00');
    expect(x.state('s1')).toBe('CANCELED 0/0 (INVALID_AMOUNT)');
  });
});

describe('shares beyond the capacity of an account', () => {
  const lots = { tickSize: '0.00000000000001', lotSize: '100000000000000' };
  const full = '99999900000000000000';

  test('can be neither deposited nor bought', () => {
    const x = openExchange(
      { sam: { shares: { ABC: full } }, ben: { shares: { ABC: full } } },
      lots,
    );
    expect(x.depositShares('ben', '100000000000000')).toBe('INVALID_QUANTITY');
    x.place('s1: sam sells 100000000000000 at 0.00000000000001');
    expect(x.place('b1: ben buys 100000000000000 at 0.00000000000001')).toBe('INVALID_QUANTITY');
    expect(x.trades()).toEqual([]);
  });

  test('cancel a resting order to buy when it is met', () => {
    const x = openExchange({ sam: { shares: { ABC: full } }, ben: {} }, lots);
    x.place('b1: ben buys 100000000000000 at 0.00000000000001');
    x.depositShares('ben', full);
    x.place('s1: sam sells 100000000000000 at 0.00000000000001 IOC');
    expect(x.state('b1')).toBe('CANCELED 0/0 (INVALID_QUANTITY)');
    expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
  });
});
