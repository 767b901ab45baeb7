import { expect, test } from 'vitest';
import { createTally } from '../../src/demo/tally.ts';
import { runMarket } from '../../src/demo/trade.ts';
import type { TradingApi } from '../../src/demo/trading-api.ts';
import { RefusedError, ServerError } from '../../src/import/errors.ts';
import { until } from '../support/until.ts';

const desk = {
  lastPrice: 2_880,
  bid: 2_879,
  ask: 2_881,
  cash: 100_000,
  position: 700,
  shares: 700,
  orders: [],
  stops: [],
};
const stocks = [{ symbol: 'MSFT', anchor: 2_880, lastPrice: 2_880 }];

/** A server that calls `answer` for each order. */
function createApi(answer: () => void): TradingApi {
  const outcome = async () => {
    answer();
    return { trades: 1, refusal: null };
  };
  const orders = { quote: outcome, take: outcome, replace: outcome, cancel: outcome };
  return { readDesk: async () => desk, ...orders };
}

function start(answer: () => void) {
  const abort = new AbortController();
  const tally = createTally();
  const troubles: (string | null)[] = [];
  const ended = runMarket({
    api: createApi(answer),
    seed: '1',
    stocks,
    tally,
    ratePerSecond: 20,
    signal: abort.signal,
    pacer: { turn: () => new Promise((resolve) => setImmediate(resolve)) },
    trouble: (message) => troubles.push(message),
  });
  return { tally, troubles, ended, stop: () => abort.abort() };
}

test('an unreachable server is reported once, and again when it is back', async () => {
  let isAway = false;
  const { tally, troubles, ended, stop } = start(() => {
    if (isAway) throw new ServerError('cannot be reached', true);
  });
  await until(() => tally.read().trades > 10);
  isAway = true;
  await until(() => troubles.length > 0);
  isAway = false;
  await until(() => troubles.length > 1);
  stop();
  await ended;
  expect(troubles).toEqual(['cannot be reached', null]);
});

test('a rejected request is counted as a rejected order, and trading continues', async () => {
  const { tally, ended, stop } = start(() => {
    throw new RefusedError('BAD_USER_INPUT', 'expiresAt is not in the future');
  });
  await until(() => tally.read().refused > 20);
  stop();
  await ended;
  expect([...tally.refusals().keys()]).toEqual(['BAD_USER_INPUT']);
  expect(tally.read().trades).toBe(0);
});

test('a server that cannot be used at all ends the trading', async () => {
  const { ended } = start(() => {
    throw new ServerError('wants a token', false);
  });
  await expect(ended).rejects.toThrow('wants a token');
});
