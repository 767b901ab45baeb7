import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readControl, setBridgeError } from '../../src/bridges/control.ts';
import { deliver } from '../../src/bridges/deliver.ts';
import { type MessageSource, openEventSource } from '../../src/bridges/source.ts';
import { openStateSource } from '../../src/bridges/state-source.ts';
import { type BridgeRow, readBridge, readLedger, registerBridge } from '../../src/bridges/store.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { Log } from '../../src/log/log.ts';
import { DatabaseUnreachableError } from '../../src/postgres/errors.ts';
import { deposit, openAccounts } from '../support/bridged.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createModelSystem, type ModelSystem } from '../support/model-target.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';

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

function deposits(log: Log): MessageSource {
  const filter = { types: ['CashDeposited'] };
  return openEventSource(
    { log, feed: engine.feed, filter, keys: engine.keys, ledger, limit, definitions: new Map() },
    signal,
  );
}

function documents(views: TestEngine['views']): MessageSource {
  const { log, feed, keys } = engine;
  return openStateSource({ log, feed, views, view: accountsView, keys, ledger, limit }, signal);
}

interface Delivered {
  readonly source: MessageSource;
  readonly system: ModelSystem;
  /** Where the bridge is, with an error of an earlier attempt; by default new. */
  readonly failedAt?: number;
  /** The signal after which nothing may be sent. */
  readonly endSignal?: AbortSignal;
  onWorking?(): void;
}

/** Delivers until the source stops; returns the row of the bridge. */
async function run(delivered: Delivered): Promise<BridgeRow | undefined> {
  const { source, system, failedAt, endSignal = signal, onWorking = () => {} } = delivered;
  const name = newUuid();
  const executor = testDatabase.database;
  await registerBridge(executor, { name, kind: 'model', direction: 'OUT' }, 0);
  if (failedAt !== undefined) {
    await sql(executor, `update bridges set checkpoint = ${failedAt} where name = '${name}'`);
    const { id } = await readBridge(executor, name);
    await setBridgeError(executor, id, { error: 'no answer', parked: false });
  }
  const state = await readBridge(executor, name);
  const asked = await readControl(executor, state.id);
  const kind = { ...system.kind, sharesSequences: true };
  const { log } = engine;
  const delivery = { executor, log, ledger, kind, source, signal, endSignal, onWorking };
  await deliver(delivery, state, asked);
  return (await engine.bridges.rows()).find((row) => row.name === name);
}

const createSystem = () =>
  createModelSystem({ laneCount: 2, batchMax, isKept: true, faults: [], ledger, onStop() {} });

test.each([
  ['a filter passes few of them', () => deposits(engine.log)],
  ['they change documents', () => documents(engine.views)],
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

/** The source, which stops after this number of pages. */
function firstPages(count: number, source: MessageSource): MessageSource {
  let pages = 0;
  return {
    async page(after, withinMs) {
      pages += 1;
      return pages > count ? null : source.page(after, withinMs);
    },
  };
}

const unreadable = async () => {
  throw new DatabaseUnreachableError('the server is down');
};

test.each([
  ['the log cannot be read', () => deposits({ ...engine.log, scan: unreadable })],
  ['the views do not advance', () => documents({ ...engine.views, waitFor: async () => false })],
])('the error of a bridge stays while %s', async (_, open) => {
  const onWorking = vi.fn();
  const source = firstPages(2, open());
  const row = await run({ source, system: createSystem(), failedAt: 20, onWorking });
  expect(row?.error).toBe('no answer');
  expect(onWorking).not.toHaveBeenCalled();
});

test('the error of a bridge is cleared once it has nothing to deliver', async () => {
  const onWorking = vi.fn();
  const source = firstPages(2, deposits(engine.log));
  const row = await run({ source, system: createSystem(), failedAt: head, onWorking });
  expect(row?.error).toBeNull();
  expect(onWorking).toHaveBeenCalled();
});

test('the rest of a page is not sent once nothing may be sent, even within one event', async () => {
  const end = new AbortController();
  const system = createSystem();
  const { page } = documents(engine.views);
  const source: MessageSource = {
    async page(after, withinMs) {
      const found = await page(after, withinMs);
      const [first] = found?.messages ?? [];
      if (found === null || first === undefined) return null;
      return Object.assign({}, found, { messages: Array(3 * batchMax).fill(first) });
    },
  };
  await run({ source, system, endSignal: end.signal, onWorking: () => end.abort() });
  expect([...system.lanes.values()].flat()).toHaveLength(batchMax);
});
