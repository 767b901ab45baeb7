import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readControl } from '../../src/bridges/control.ts';
import { deliver } from '../../src/bridges/deliver.ts';
import { type MessageSource, openEventSource } from '../../src/bridges/source.ts';
import { openStateSource } from '../../src/bridges/state-source.ts';
import { type BridgeRow, readBridge, readLedger, registerBridge } from '../../src/bridges/store.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { deposit, openAccounts } from '../support/bridged.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createModelSystem, type ModelSystem } from '../support/model-target.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const limit = 10;
/** More than a page ever has, of events that pass the filter or of documents. */
const batchMax = 12;
let testDatabase: TestDatabase;
let engine: TestEngine;
let ledger: string;
let head: number;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  engine = await startTestEngine(testDatabase.url, [accounts]);
  // Two of ten events are deposits.
  for (let n = 0; n < 24; n += 1) {
    await Promise.all([deposit(engine, 2), openAccounts(engine, 7)]);
  }
  ledger = await readLedger(testDatabase.database);
  head = (await engine.log.head()).sequence;
  await engine.views.waitFor(head, 20_000);
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await engine.stop();
  await testDatabase.dispose();
});

const { signal } = new AbortController();

function deposits(): MessageSource {
  const { log, feed } = engine;
  const filter = { types: ['CashDeposited'] };
  return openEventSource({ log, feed, filter, ledger, limit }, signal);
}

function documents(): MessageSource {
  const { log, feed, views } = engine;
  return openStateSource({ log, feed, views, view: accountsView, ledger, limit }, signal);
}

interface Delivered {
  readonly source: MessageSource;
  readonly system: ModelSystem;
}

/** Delivers until the source stops; returns the row of the bridge. */
async function run({ source, system }: Delivered): Promise<BridgeRow | undefined> {
  const name = newUuid();
  const executor = testDatabase.database;
  await registerBridge(executor, { name, kind: 'model', direction: 'OUT' }, 0);
  const state = await readBridge(executor, name);
  const asked = await readControl(executor, state.id);
  const kind = { ...system.kind, sharesSequences: true };
  const { log } = engine;
  const delivery = { executor, log, ledger, kind, source, signal, endSignal: signal };
  await deliver({ ...delivery, onWorking() {} }, state, asked);
  return (await engine.bridges.rows()).find((row) => row.name === name);
}

const createSystem = () =>
  createModelSystem({ laneCount: 2, batchMax, isKept: true, faults: [], ledger, onStop() {} });

test.each([
  ['a filter passes few of them', deposits],
  ['they change documents', documents],
])('a bridge that is behind does not wait between pages of events if %s', async (_, open) => {
  const source = open();
  const system = createSystem();
  const arrived = () => [...system.lanes.values()].flat().length;
  let pages = 0;
  let messages = 0;
  let waits = 0;
  let gathers = 0;
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const counted: MessageSource = {
    async page(after, withinMs) {
      if (after >= head) return null;
      if (head - after >= batchMax) {
        // The page before this one was sent before this one was asked for.
        if (pages > 0 && arrived() === messages) waits += 1;
        // The pauses in which events are gathered.
        gathers = timers.mock.calls.filter(([, ms = 0]) => ms > 0 && ms <= 20).length;
      }
      pages += 1;
      const page = await source.page(after, withinMs);
      messages += page?.messages.length ?? 0;
      return page;
    },
  };
  const row = await run({ source: counted, system });
  expect(row?.checkpoint).toBe(head);
  expect(arrived()).toBeGreaterThan(40);
  expect(pages).toBeGreaterThan(4);
  expect(waits).toBe(0);
  expect(gathers).toBe(0);
});
