import Big from 'big.js';
import { describe, expect, test } from 'vitest';
import { modules } from '../../../src/contexts/all.ts';
import { valuePosition } from '../../../src/contexts/trading/views/portfolio.ts';
import type { Position } from '../../../src/contexts/trading/views/position.ts';
import type { JsonObject, StoredEvent } from '../../../src/kernel/event.ts';
import { addSeconds, type Exchange, openExchange, resumeExchange } from '../../support/exchange.ts';
import { findBrokenMoments } from '../../support/market-invariants.ts';
import { type OlderLog, readOlderLogs } from '../../support/older-logs.ts';
import { isOpen } from '../../support/reference-terms.ts';

const logs = readOlderLogs();
const views = modules.flatMap(({ context }) => context.views);
type Documents = ReadonlyMap<string, Map<string, JsonObject>>;

/** Folds events one by one. `afterEach` gets the documents of all views, by name and key. */
function foldViews(
  events: readonly StoredEvent[],
  afterEach: (documents: Documents, sequence: number) => void,
): void {
  const documents: Documents = new Map(views.map(({ name }) => [name, new Map()]));
  for (const event of events) {
    for (const view of views) {
      const own = documents.get(view.name);
      for (const key of view.types.includes(event.type) ? view.keysOf(event) : []) {
        const after = view.evolve(own?.get(key), event, key);
        if (after === undefined) own?.delete(key);
        else own?.set(key, after);
      }
    }
    afterEach(documents, event.sequence);
  }
}

/** Returns what a view answers from its documents, without members that were added since. */
function figuresOf(name: string, documents: Documents, { price }: OlderLog) {
  const own = documents.get(name) ?? new Map<string, JsonObject>();
  const entries = [...own].map(([key, document]) => {
    if (name === 'positions') return [key, toFigures(document as Position, price)];
    if (name === 'trial-balance') {
      const { ROUNDING, ...balances } = document['balances'] as Record<string, string>;
      expect(ROUNDING).toBe('0');
      return [key, { ...document, balances }];
    }
    const { buyAmount: _bought, sellAmount: _sold, grants: _grants, ...figures } = document;
    return [key, figures];
  });
  return Object.fromEntries(entries);
}

function toFigures(position: Position, price: string) {
  const { unrealizedPnl, marketValue } = valuePosition(position, price);
  const { quantity, held, averageCost, realizedPnl } = position;
  return { quantity, held, averageCost, realizedPnl, marketValue, unrealizedPnl };
}

describe.each(logs.map((log, index) => [index + 1, log] as const))('the older log %i', (_, log) => {
  test('gives the same answers at every sequence as it did then', () => {
    const compared: number[] = [];
    foldViews(log.events, (documents, sequence) => {
      for (const { at, ...answers } of log.moments.filter((moment) => moment.at === sequence)) {
        for (const [name, figures] of Object.entries(answers)) {
          expect(figuresOf(name, documents, log), `${name} at ${at}`).toEqual(figures);
        }
        compared.push(at);
      }
    });
    expect(compared).toEqual(log.moments.map(({ at }) => at));
  });

  test('continues: its open orders trade by the new rules, and nothing becomes negative', () => {
    const x = resume(log);
    const before = x.trades().length;
    sweep(x);
    expect(findBrokenMoments(x)).toEqual([]);
    const since = x.trades().slice(before);
    expect(since.length).toBeGreaterThan(0);
    let rounding = Big(0);
    for (const { buyAmount, sellAmount } of since) {
      rounding = rounding.plus(buyAmount).minus(sellAmount);
      expect(rounding.gte(0), `${rounding}`).toBe(true);
    }
  });

  test('freezes an account with all its open orders', () => {
    const x = resume(log);
    const open = x.orders().filter(isOpen);
    const reserving = open.filter(({ type, side }) => type !== 'STOP' || side === 'SELL');
    for (const accountId of new Set(reserving.map((order) => order.accountId))) x.freeze(accountId);
    for (const { id } of reserving) {
      expect(x.state(id)).toMatch(/^(CANCELED .*\(ACCOUNT_FROZEN\)|EXPIRED .*)$/);
    }
    for (const { accountId } of reserving) expect(x.cash(accountId)).toMatch(/\(held 0(\.00)?\)$/);
    expect(reserving.length).toBeGreaterThan(0);
  });
});

test('an order that was filled by older rules starts its totals with the next fill', () => {
  const terms = { currency: 'JPY', tickSize: '0.01', lotSize: '1' };
  const rich = { currency: 'JPY', cash: '1000', shares: { ABC: '100' } };
  const before = openExchange({ sam: rich, ben: rich }, terms);
  before.place('b1: ben buys 100 at 0.30');
  before.place('s1: sam sells 4 at 0.30');
  const older = before.world.events.map((event) =>
    event.type === 'TradeExecuted'
      ? { ...event, schemaVersion: 1, data: { ...event.data, rounding: 'HALF_UP' } }
      : event,
  );
  const x = resumeExchange(older);
  x.world.setTime(before.world.time());
  x.place('s2: sam sells 4 at 0.30');
  // 1.2 on a new total costs 2; after 1.2, which cost 2, it would cost 1.
  expect(x.trades().at(-1)).toMatchObject({ buyer: 'b1', buyAmount: '2' });
});

function resume(log: OlderLog): Exchange {
  const x = resumeExchange(log.events);
  x.world.setTime(addSeconds(log.now, 1));
  for (const symbol of new Set(x.orders().map((order) => order.symbol))) x.resume(symbol);
  return x;
}

/** Lets a new, rich account trade with all resting orders, one lot at a time. */
function sweep(x: Exchange): void {
  const listed = x.world.events.filter(({ type }) => type === 'InstrumentListed');
  for (const { data } of listed) {
    const { symbol, lotSize, currency } = data as Record<string, string>;
    const id = `newcomer_${symbol}`;
    const shares = {
      [symbol ?? '']: Big(lotSize ?? '1')
        .times(1000)
        .toFixed(),
    };
    x.open(id, { currency: currency ?? 'USD', cash: '1000000', shares });
    for (let turn = 0; turn < 60; turn += 1) {
      x.place(`${symbol}b${turn}: ${id} buys ${lotSize} ${symbol}`);
      x.place(`${symbol}s${turn}: ${id} sells ${lotSize} ${symbol}`);
    }
  }
}
