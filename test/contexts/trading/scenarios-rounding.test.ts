import Big from 'big.js';
import { describe, expect, test } from 'vitest';
import { type Exchange, openExchange } from '../../support/exchange.ts';
import { findBrokenMoments } from '../../support/market-invariants.ts';

const yen = { currency: 'JPY', tickSize: '0.01', lotSize: '1' };

function openYen(cash = '1000'): Exchange {
  const people = {
    sam: { currency: 'JPY', cash: '0', shares: { ABC: '1000' } },
    ben: { currency: 'JPY', cash },
    bob: { currency: 'JPY', cash },
  };
  return openExchange(people, yen);
}

/** Returns what each trade took from the buyer and paid to the seller. */
function cashOf(x: Exchange): readonly string[] {
  return x.trades().map(({ buyAmount, sellAmount }) => `${buyAmount} -> ${sellAmount}`);
}

describe('an order of less than a minor unit', () => {
  test('is rejected with the smallest quantity, and recorded', () => {
    const x = openYen();
    x.place('s1: sam sells 100 at 0.30');
    expect(x.place('b1: ben buys 1 at 0.30 IOC')).toBe('ORDER_TOO_SMALL');
    const { rejection } = x.last();
    expect(rejection?.data).toEqual({ quantity: '1', price: '0.30', smallestQuantity: '4' });
    expect(rejection?.message).toBe(
      '1 at 0.30 is worth less than a minor unit of JPY: the smallest quantity at this price is 4',
    );
    expect(x.state('b1')).toMatch(/^REJECTED/);
    expect(x.place('b2: ben buys 3 at 0.30')).toBe('ORDER_TOO_SMALL');
    expect(x.place('b3: ben buys 4 at 0.30')).toBeNull();
  });

  test.each([
    ['a limit to sell', 's2: sam sells 3 at 0.30', '4'],
    ['a stop, at its stop', 's2: sam sells 2 stop 0.40', '3'],
    ['a stop with a limit, at its limit', 's2: sam sells 2 at 0.25 stop 0.60', '4'],
    ['a market order, at the best price', 'b2: ben buys 3', '4'],
  ])('%s', (_, text, smallestQuantity) => {
    const x = openYen();
    x.place('s1: sam sells 100 at 0.30');
    expect(x.place(text)).toBe('ORDER_TOO_SMALL');
    expect(x.last().rejection?.data).toMatchObject({ smallestQuantity });
  });

  test('is not too small if it is the rest of a partially filled order', () => {
    const x = openYen();
    x.place('b1: ben buys 10 at 0.30');
    x.place('s1: sam sells 4 at 0.30');
    expect(x.replace('b1', { to: 'b2', quantity: '5' })).toBeNull();
    expect(x.state('b2')).toBe('PARTIALLY_FILLED 4/1');
  });

  test('is canceled if it is a stop order and the price has fallen', () => {
    const x = openYen();
    x.place('s1: sam sells 4 stop 0.30');
    x.place('b1: ben buys 100 at 0.20');
    x.price('0.30');
    expect(x.state('s1')).toBe('CANCELED 0/0 (ORDER_TOO_SMALL)');
    expect(x.shares('sam')).toBe('1000 (held 0)');
  });

  test('does not exist where every lot is a whole number of minor units', () => {
    const x = openExchange({ ben: {} }, { tickSize: '0.01', lotSize: '1' });
    expect(x.place('b1: ben buys 1 at 0.01')).toBeNull();
  });
});

describe('the cash of an order', () => {
  test('is rounded once over its life, whatever orders it trades with', () => {
    const x = openYen();
    x.place('s1: sam sells 100 at 0.30');
    x.place('b1: ben buys 5 at 0.30');
    x.place('b2: bob buys 5 at 0.30');
    x.place('b3: ben buys 90 at 0.30');
    // sam: 1.5, 3 and 30; the others 1.5, 1.5 and 27.
    expect(cashOf(x)).toEqual(['2 -> 1', '2 -> 2', '27 -> 27']);
    expect(x.cash('sam')).toBe('30 (held 0)');
  });

  test('is the same in one fill and in a hundred', () => {
    const prices = (x: Exchange, id: string) => {
      const trades = x.trades().filter(({ buyer, seller }) => buyer === id || seller === id);
      const total = (amounts: readonly string[]) =>
        amounts.reduce((sum, amount) => sum.plus(amount), Big(0)).toFixed();
      return {
        paid: total(trades.map(({ buyAmount }) => buyAmount)),
        received: total(trades.map(({ sellAmount }) => sellAmount)),
      };
    };
    const sliced = openYen();
    sliced.place('b1: ben buys 101 at 0.33');
    for (let index = 0; index < 20; index += 1) sliced.place(`s${index}: sam sells 5 at 0.33`);
    sliced.place('s20: sam sells 4 at 0.33');
    const whole = openYen();
    whole.place('b1: ben buys 101 at 0.33');
    whole.place('s1: sam sells 101 at 0.33');
    // 33.33.
    expect(prices(sliced, 'b1').paid).toBe('34');
    expect(prices(whole, 'b1')).toEqual({ paid: '34', received: '33' });
  });

  test('never exceeds what a resting bid has reserved, however its fills are split', () => {
    const x = openYen('4');
    x.place('b1: ben buys 10 at 0.33');
    expect(x.cash('ben')).toBe('4 (held 4)');
    const held: string[] = [];
    x.place('s0: sam sells 100 at 0.90');
    for (let index = 0; index < 2; index += 1) {
      x.place(`t${index}: sam sells 4 at 0.33 IOC`);
      held.push(x.cash('ben'));
    }
    x.place('t9: sam sells 4 at 0.33 IOC');
    expect(held).toEqual(['2 (held 2)', '1 (held 1)']);
    expect(x.cash('ben')).toBe('0 (held 0)');
    expect(findBrokenMoments(x)).toEqual([]);
  });

  test('is not rounded where a tick times a lot is a whole number of minor units', () => {
    const x = openExchange(
      { sam: { shares: { ABC: '100' } }, ben: {} },
      { tickSize: '0.05', lotSize: '0.2' },
    );
    x.place('s1: sam sells 10 at 1.05');
    x.place('b1: ben buys 0.2 at 1.05');
    x.place('b2: ben buys 9.8 at 1.05');
    expect(cashOf(x)).toEqual(['0.21 -> 0.21', '10.29 -> 10.29']);
  });

  test('continues to be rounded on the total of the orders that it replaced', () => {
    const x = openYen();
    x.place('b1: ben buys 10 at 0.33');
    x.place('s1: sam sells 4 at 0.33');
    x.replace('b1', { to: 'b2', quantity: '9', limitPrice: '0.35' });
    x.place('s2: sam sells 5 at 0.35');
    // 1.32, then 3.07 in all.
    expect(cashOf(x)).toEqual(['2 -> 1', '2 -> 1']);
    expect(x.cash('ben')).toBe('996 (held 0)');
  });

  test('of a resting order whose remainder costs nothing more needs nothing reserved', () => {
    const x = openYen('1');
    x.place('b1: ben buys 5 at 0.20');
    x.place('s1: sam sells 10 at 0.90');
    x.place('s2: sam sells 5 at 0.20 FOK');
    expect(x.state('b1')).toBe('FILLED 5/0');
    expect(x.cash('ben')).toBe('0 (held 0)');
  });
});

test('a fee takes no more than is available, and nothing that is reserved', () => {
  const terms = { ...yen, makerFeeBps: '700' };
  const rich = { currency: 'JPY', cash: '1000' };
  const shares = { ABC: '100' };
  const people = { sam: { ...rich, cash: '0', shares }, sue: { ...rich, shares }, ben: rich };
  const x = openExchange(people, terms);
  x.place('s1: sam sells 20 at 0.71');
  x.place('b1: ben buys 10 at 0.71');
  expect(x.trades().at(-1)).toMatchObject({ sellAmount: '7', sellFee: '0' });
  x.withdrawCash('sam', '7');
  x.place('s2: sue sells 3 at 0.70');
  x.place('b2: ben buys 2 at 0.70');
  // 7.1 -> 7.81 pays nothing, and the fee rises from 0.497 to 0.5467: to a unit the seller lacks.
  x.place('b3: ben buys 2 at 0.71');
  expect(x.trades().at(-1)).toMatchObject({ seller: 's1', sellAmount: '0', sellFee: '0' });
  expect(x.cash('sam')).toBe('0 (held 0)');
  expect(findBrokenMoments(x)).toEqual([]);
});
