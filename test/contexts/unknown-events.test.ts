import { describe, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { Decider } from '../../src/kernel/decider.ts';
import type { Json, StoredEvent } from '../../src/kernel/event.ts';
import type { FieldKind } from '../../src/kernel/field.ts';
import { touchedBy } from '../../src/views/building/fold.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';

const contexts = modules.map(({ context }) => context);
// The complete deciders: the engine gets only a part of each.
const deciders = contexts.flatMap((context) => context.deciders as readonly Decider[]);
const views: readonly AnyView[] = contexts.flatMap((context) => context.views);
const managers = contexts.flatMap(({ processManagers = [] }) => processManagers);

const at = '2026-01-01T00:00:00.000000Z';

/** A value that a field of each kind can have; a text can be a currency. */
const samples: Readonly<Record<FieldKind, Json>> = {
  text: 'USD',
  id: '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f',
  decimal: '1',
  dateTime: at,
  integer: 1,
  boolean: false,
  enum: 'BUY',
};

/** The state after an event with which a stream can begin, found by trying every type. */
function beginningOf(decider: Decider): unknown {
  const others = { side: 'BUY', orderType: 'LIMIT', timeInForce: 'GTC' };
  for (const [type, { fields }] of eventDefinitionsOf(contexts)) {
    const members = Object.entries(fields).map(([name, { kind }]) => [name, samples[kind]]);
    const event = stored(type, { ...Object.fromEntries(members), ...others });
    const state = valueOrNull(() => decider.evolve(decider.initial, event as never));
    if (state !== null) return state;
  }
  throw new Error(`no event begins a stream of ${decider.category}`);
}

function valueOrNull(evolve: () => unknown): unknown {
  try {
    return evolve();
  } catch {
    return null;
  }
}

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

/** Data with the names of many fields that a fold might read. */
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
    const state = beginningOf(decider);
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
