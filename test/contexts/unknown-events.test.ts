import { describe, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import type { Decider } from '../../src/kernel/decider.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { touchedBy } from '../../src/views/building/fold.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';

const contexts = modules.map(({ context }) => context);
// Whole deciders: the engine is shown a part of each alone.
const deciders = contexts.flatMap((context) => context.deciders as readonly Decider[]);
const views: readonly AnyView[] = contexts.flatMap((context) => context.views);
const managers = contexts.flatMap(({ processManagers = [] }) => processManagers);

const at = '2026-01-01T00:00:00.000000Z';
const terms = { tickSize: '0.01', lotSize: '1', currency: 'USD' };
const order = { orderId: 'o', accountId: 'a', symbol: 'X', side: 'BUY', quantity: '1' };

/** By category, an event with which a stream of its kind begins. */
const beginnings: Readonly<Record<string, StoredEvent>> = {
  account: stored('AccountOpened', { owner: 'Ada', currency: 'USD' }),
  instrument: stored('InstrumentListed', { symbol: 'X', name: 'X', ...terms }),
  book: stored('BookOpened', { symbol: 'X', ...terms }),
  order: stored('OrderPlaced', {
    ...order,
    orderType: 'LIMIT',
    timeInForce: 'GTC',
    filledQuantity: '0',
    filledValue: '0',
  }),
  clientOrder: stored('ClientOrderIdAssigned', { orderId: 'o' }),
};

function stored(type: string, data: StoredEvent['data']): StoredEvent {
  return {
    id: 'e',
    sequence: 7,
    streamId: 'x-1',
    version: 1,
    type,
    schemaVersion: 1,
    data,
    recordedAt: at,
    occurredAt: at,
    actor: 'ann',
    commandId: 'c',
    correlationId: 'c',
    causationId: null,
  };
}

/** Data of every name that a fold might take for its own. */
const unknown = stored('SomethingElseHappened', {
  symbol: 'X',
  price: '1.00',
  amount: '1.00',
  quantity: '1',
  orderId: 'o',
  currency: 'USD',
});

describe('an event of an unknown type', () => {
  test.each(deciders)('is refused by the decider of $category', (decider) => {
    const beginning = beginnings[decider.category];
    if (beginning === undefined) throw new Error(`no beginning for ${decider.category}`);
    const state = decider.evolve(decider.initial, beginning as never);
    expect(() => decider.evolve(state, unknown as never)).toThrow(
      expect.objectContaining({ code: 'UPGRADE_NEEDED', sequence: 7 }),
    );
    expect(() => decider.evolve(decider.initial, unknown as never)).toThrow();
  });

  test.each(views)('never reaches the view $name', (view) => {
    expect(touchedBy(view, [unknown])).toEqual({ touches: [], keys: new Set(), failure: null });
    expect(view.types).not.toContain(unknown.type);
  });

  test.each(managers)('sets and clears no timer of the process manager $name', (manager) => {
    expect(manager.types).not.toContain(unknown.type);
    expect(manager.plan(unknown)).toEqual([]);
  });
});
