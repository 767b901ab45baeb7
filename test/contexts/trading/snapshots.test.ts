import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bookDecider, evolveBook } from '../../../src/contexts/trading/matching/book.ts';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import { openExchange } from '../../support/exchange.ts';
import { runDuel } from '../../support/market-duel.ts';
import { programs } from '../../support/market-program.ts';

// On a busy machine these tests need longer than the usual limit.
const timeout = 120_000;

test('a market that is restored from snapshots after every command continues exactly the same', {
  timeout,
}, () => {
  fc.assert(
    fc.property(programs, (program) => {
      const kept = runDuel(program);
      const restored = runDuel(program, (x) => x.world.restore());
      expect(toFacts(restored.world.events)).toEqual(toFacts(kept.world.events));
    }),
    { numRuns: 40 },
  );
});

test('a snapshot of a book and the events after it give the same book as all its events', {
  timeout,
}, () => {
  fc.assert(
    fc.property(programs, fc.nat({ max: 100 }), (program, percent) => {
      const { world } = runDuel(program);
      const events = world.events.filter(({ streamId }) => streamId === 'book-ABC');
      const at = Math.floor((events.length * percent) / 100);
      const snapshot = toBook(null, events.slice(0, at));
      const copy = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
      expect(copy).toEqual(snapshot);
      const book = world.stateOf(bookDecider, 'ABC');
      expect(toBook(copy, events.slice(at))).toEqual(book);
    }),
    { numRuns: 40 },
  );
});

test('a deep book is restored from its snapshot with all its orders in their queues', () => {
  const x = openExchange({
    ann: { cash: '9000000', shares: { ABC: '9000' } },
    bob: { cash: '9000000' },
  });
  for (let index = 0; index < 250; index += 1) {
    const step = ((index * 37) % 100) / 100;
    x.place(`a${index}: ann sells 2 at ${(11 + step).toFixed(2)}`);
    x.place(`b${index}: ann buys 2 at ${(9 + step).toFixed(2)}`);
    x.place(`c${index}: ann sells 1 stop ${(7 + step).toFixed(2)}`);
    if (index % 3 === 0) x.cancel(`a${Math.floor(index / 2)}`);
  }
  const before = x.world.stateOf(bookDecider, 'ABC');
  x.world.restore();
  expect(x.world.stateOf(bookDecider, 'ABC')).toEqual(before);
  const asks = x.orders().filter(({ side, status }) => side === 'SELL' && status === 'NEW');
  const turn = asks
    .sort((a, b) => Number(a.limitPrice) - Number(b.limitPrice) || a.sequence - b.sequence)
    .map(({ id }) => id);
  x.place('all: bob buys 9000');
  expect(x.trades().map(({ seller }) => seller)).toEqual(turn);
});

function toBook(book: ReturnType<typeof evolveBook> | null, events: readonly StoredEvent[]) {
  return events.reduce((state, event) => evolveBook(state, event as never), book);
}

/** Returns the recorded events; ids that differ in every run are numbered by first occurrence. */
function toFacts(events: readonly StoredEvent[]): readonly unknown[] {
  const known = new Map<string, string>();
  const text = JSON.stringify(events.map(({ id: _, ...event }) => event));
  const named = text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => {
    known.set(id, known.get(id) ?? `id ${known.size}`);
    return known.get(id) ?? id;
  });
  return JSON.parse(named) as unknown[];
}
