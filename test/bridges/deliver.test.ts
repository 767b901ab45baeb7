import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readControl } from '../../src/bridges/control.ts';
import { deliver } from '../../src/bridges/deliver.ts';
import { openEventSource } from '../../src/bridges/source.ts';
import { readBridge, readLedger, registerBridge } from '../../src/bridges/store.ts';
import type { TargetKind } from '../../src/bridges/target.ts';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { Executor } from '../../src/postgres/database.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createModelSystem, type ModelSystem, type TargetFault } from '../support/model-target.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';

let testDatabase: TestDatabase;
let engine: TestEngine;
let events: readonly StoredEvent[];
let ledger: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  engine = await startTestEngine(testDatabase.url, [accounts]);
  const ids = Array.from({ length: 6 }, newUuid);
  for (const accountId of ids) {
    await engine.accept(openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
  }
  for (let n = 0; n < 30; n += 1) {
    const accountId = ids[(n * n + n) % 6] ?? '';
    await engine.accept(depositCash, { accountId, amount: '1.00', reference: null });
  }
  events = await engine.log.events({}, wholeLog);
  ledger = await readLedger(testDatabase.database);
});
afterAll(async () => {
  await engine.stop();
  await testDatabase.dispose();
});

/** What happens to a statement that saves progress: lost before its effect, or its answer after. */
type SaveFault = 'before' | 'after' | null;

interface Program {
  readonly laneCount: number;
  readonly batchMax: number;
  readonly pageMax: number;
  readonly isKept: boolean;
  readonly types: readonly string[];
  readonly faults: readonly TargetFault[];
  readonly saves: readonly SaveFault[];
}

const share = fc.constantFrom(0, 0.3, 0.5, 0.8, 1);
const fault: fc.Arbitrary<TargetFault> = fc.oneof(
  fc.record({ at: fc.constantFrom('open' as const, 'last' as const) }),
  fc.record({ at: fc.constant('send' as const), shares: fc.array(share, { minLength: 4 }) }),
  fc.record({ at: fc.constant('send' as const), shares: fc.array(share, { minLength: 4 }) }),
  fc.record({ at: fc.constant('send' as const), lost: fc.array(fc.nat({ max: 12 })) }),
  fc.record({ at: fc.constant('send' as const), stop: fc.constant(true as const) }),
);
const program: fc.Arbitrary<Program> = fc.record({
  laneCount: fc.integer({ min: 1, max: 4 }),
  batchMax: fc.integer({ min: 1, max: 12 }),
  pageMax: fc.integer({ min: 1, max: 40 }),
  isKept: fc.boolean(),
  types: fc.constantFrom([], ['CashDeposited'], ['AccountOpened'], ['AccountClosed']),
  faults: fc.array(fault, { maxLength: 8 }),
  saves: fc.array(fc.constantFrom<SaveFault[]>('before', 'after', null), { maxLength: 6 }),
});

/** An executor that loses some statements that save progress. */
function withFaults(executor: Executor, faults: SaveFault[]): Executor {
  return {
    ...executor,
    async query(query, values) {
      const isSave = typeof query !== 'string' && query.name === 'advance_bridge';
      const found = isSave ? faults.shift() : null;
      if (found === 'before') throw new Error('a planned failure before the save');
      const rows = await executor.query(query, values);
      if (found === 'after') throw new Error('a planned failure after the save');
      return rows;
    },
  } as Executor;
}

interface Outcome {
  readonly name: string;
  readonly system: ModelSystem;
}

/** Runs a bridge until it has delivered the log; each failure is followed by another attempt. */
async function run({ pageMax, types, saves, ...model }: Program): Promise<Outcome> {
  const name = newUuid();
  let stop = new AbortController();
  const system = createModelSystem({ ...model, ledger, onStop: () => stop.abort() });
  const saveFaults = [...saves];
  const executor = withFaults(testDatabase.database, saveFaults);
  await registerBridge(executor, { name, kind: 'model', direction: 'OUT' }, 0);
  for (let attempt = 0; attempt < model.faults.length + saves.length + 2; attempt += 1) {
    stop = new AbortController();
    const failure = await attemptOnce(system.kind, { name, executor, stop, pageMax, types });
    if (failure !== null && !failure.message.startsWith('a planned failure')) throw failure;
  }
  return { name, system };
}

interface Attempt {
  readonly name: string;
  readonly executor: Executor;
  readonly stop: AbortController;
  readonly pageMax: number;
  readonly types: readonly string[];
}

/** Delivers until the end of the log; returns the error if that fails. */
async function attemptOnce(
  kind: TargetKind,
  { name, executor, stop, pageMax, types }: Attempt,
): Promise<Error | null> {
  const { log, feed, keys } = engine;
  const filter = types.length === 0 ? {} : { types };
  const parts = { log, feed, filter, keys, ledger, definitions: new Map(), limit: pageMax };
  const all = openEventSource(parts, stop.signal);
  const source: typeof all = {
    // The bridge would wait for further events.
    page: async (after, ms) => (after >= events.length ? null : all.page(after, ms)),
  };
  const { signal: endSignal } = new AbortController();
  const state = await readBridge(executor, name);
  const asked = await readControl(executor, state.id);
  const delivery = { executor, log, ledger, kind, source, signal: stop.signal, endSignal };
  try {
    await deliver({ ...delivery, onWorking: () => {} }, state, asked);
    return null;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

const passing = (types: readonly string[]) =>
  events.filter(({ type }) => types.length === 0 || types.includes(type));

test('whatever fails, each lane is the filtered log, and the checkpoint its head', async () => {
  const property = fc.asyncProperty(program, async (plan) => {
    const { name, system } = await run(plan);
    const row = (await engine.bridges.rows()).find((found) => found.name === name);
    expect(row).toMatchObject({ checkpoint: events.length });
    const expected = passing(plan.types).map(({ sequence }) => sequence);
    const got: number[] = [];
    let repeats = 0;
    for (const messages of system.lanes.values()) {
      let last = 0;
      for (const { sequence, previous } of messages) {
        if (sequence > last) {
          // Nothing is missing before it: it follows the last message of the lane.
          expect(previous).toBe(last);
          got.push(sequence);
          last = sequence;
        } else repeats += 1;
      }
    }
    expect(got.sort((a, b) => a - b)).toEqual(expected);
    const failures = plan.isKept ? 0 : plan.faults.length + plan.saves.length;
    expect(repeats).toBeLessThanOrEqual(failures * plan.batchMax);
  });
  await fc.assert(property, { numRuns: 150 });
}, 120_000);

test.each([
  ['ahead of the log', { sequence: 40 }, 'its last message is 40, the log ends at 36'],
  ['of another ledger', { ledger: newUuid() }, 'holds messages of another ledger'],
  ['of another history', { eventId: newUuid() }, 'at 36, but the log (head 36) has'],
])('a target that is %s is sent nothing', async (_, wrong, reason) => {
  const name = newUuid();
  const { database } = testDatabase;
  await registerBridge(database, { name, kind: 'model', direction: 'OUT' }, 0);
  const model = { laneCount: 1, batchMax: 5, isKept: true, faults: [], ledger, onStop() {} };
  const { kind, lanes } = createModelSystem(model);
  const last = { sequence: 36, eventId: events.at(-1)?.id ?? '', ledger, ...wrong };
  const wrongKind: TargetKind = {
    ...kind,
    async open(signal) {
      const target = await kind.open(signal);
      return { ...target, last: async () => new Map([['lane 0', last]]) };
    },
  };
  const stop = new AbortController();
  const attempt = { name, executor: database, stop, pageMax: 10, types: [] };
  const failure = await attemptOnce(wrongKind, attempt);
  expect(failure).toMatchObject({ code: 'BRIDGE_PARKED' });
  expect(failure?.message).toContain(reason);
  expect([...lanes.values()]).toEqual([[]]);
});
