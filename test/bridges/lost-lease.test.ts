import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bridges, createBridges } from '../../src/bridges/bridges.ts';
import { checkChain } from '../../src/bridges/chain.ts';
import { type OpenSource, openEventSource } from '../../src/bridges/source.ts';
import { readLedger } from '../../src/bridges/store.ts';
import type { TargetKind } from '../../src/bridges/target.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { onAbort } from '../../src/lib/on-abort.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { openAccounts } from '../support/bridged.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { createModelSystem, type ModelSystem } from '../support/model-target.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const eventCount = 60;
let testDatabase: TestDatabase;
let engine: TestEngine;
let ledger: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  engine = await startTestEngine(testDatabase.url, [accounts]);
  await openAccounts(engine, eventCount);
  ledger = await readLedger(testDatabase.database);
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(async () => {
  await engine.stop();
  await testDatabase.dispose();
});

/** The calls at which a process can be held. */
type Call = 'send' | 'page';

/** A point in the work of a process at which it waits until the test lets it go on. */
interface Hold {
  /** The signal of the call that is held. */
  readonly signal: AbortSignal;
  release(): void;
}

/** A process with the bridge. */
interface Process {
  readonly bridges: Bridges;
  /** The connections for the work and for the lease. */
  readonly line: TcpProxy;
  readonly keeperLine: TcpProxy;
  /** Whether the right to send was lost, at the start of each call of `send`. */
  readonly sends: readonly boolean[];
  hold(): Hold | null;
}

function connect(url: string): Database {
  const times = { statementTimeoutMs: 20_000, connectTimeoutMs: 1_000 };
  const database = createDatabase({ url, applicationName: 'leader', log: silentLogger, ...times });
  stops.push(() => database.stop());
  return database;
}

async function createLine(): Promise<TcpProxy> {
  const line = await createTcpProxy(testDatabase.url);
  stops.push(() => line.stop());
  return line;
}

/** Starts a process, which waits at its second call of this kind. */
async function startProcess(
  { name, system }: { readonly name: string; readonly system: ModelSystem },
  holdAt?: Call,
): Promise<Process> {
  const [line, keeperLine] = [await createLine(), await createLine()];
  const sends: boolean[] = [];
  const calls = { send: 0, page: 0 };
  let held: Hold | null = null;

  async function pass(at: Call, signal: AbortSignal): Promise<void> {
    calls[at] += 1;
    if (at !== holdAt || calls[at] !== 2) return;
    await new Promise<void>((release) => {
      held = { signal, release };
      onAbort(signal, release);
    });
  }
  const target: TargetKind = {
    ...system.kind,
    async open(opening) {
      const opened = await system.kind.open(opening);
      return {
        ...opened,
        async send(messages, signal) {
          sends.push(signal.aborted);
          await pass('send', signal);
          if (signal.aborted) throw new Error('the call was canceled');
          await opened.send(messages, signal);
        },
      };
    },
  };
  const { log, feed, keys } = engine;
  const openSource: OpenSource = (signal) => {
    const parts = { log, feed, filter: {}, keys, ledger, definitions: new Map(), limit: 10 };
    const source = openEventSource(parts, signal);
    return {
      async page(after, withinMs) {
        const page = await source.page(after, withinMs);
        await pass('page', signal);
        return page;
      },
    };
  };
  const [database, keeper] = [connect(line.url), connect(keeperLine.url)];
  // A pool would wait for the answers that the line has swallowed.
  stops.push(async () => keeperLine.cut());
  const bridges = createBridges({
    database,
    keeper,
    log,
    feed,
    logger: silentLogger,
    ledger,
    outbound: [
      { identity: { name, kind: 'model', direction: 'OUT' }, from: 0, target, openSource },
    ],
    inbound: [],
  });
  stops.push(() => bridges.stop());
  bridges.start();
  return { bridges, line, keeperLine, sends, hold: () => held };
}

async function untilHeld(process: Process): Promise<Hold> {
  await until(() => process.hold() !== null);
  return process.hold() as Hold;
}

function createSystem(isKept: boolean): ModelSystem {
  return createModelSystem({
    laneCount: 3,
    batchMax: 5,
    isKept,
    faults: [],
    ledger,
    onStop() {},
  });
}

const checkpointOf = async (name: string): Promise<number | undefined> =>
  (await engine.bridges.rows()).find((row) => row.name === name)?.checkpoint;

const arrived = ({ lanes }: ModelSystem): number => [...lanes.values()].flat().length;

/** Asserts that every event has arrived once, and that each lane is a chain. */
function expectWholeLog({ lanes }: ModelSystem): void {
  const found: number[] = [];
  for (const messages of lanes.values()) {
    let last = 0;
    for (const { sequence, previous } of messages) {
      expect(checkChain({ ledger, last }, { ledger, sequence, previous })).toBe('next');
      found.push(sequence);
      last = sequence;
    }
  }
  const all = Array.from({ length: eventCount }, (_, index) => index + 1);
  expect(found.sort((a, b) => a - b)).toEqual(all);
}

test('a stop lets the batch in flight be finished and saved', async () => {
  const name = newUuid();
  const system = createSystem(false);
  const leader = await startProcess({ name, system }, 'send');
  const { signal, release } = await untilHeld(leader);
  const stopped = leader.bridges.stop();
  expect(signal.aborted).toBe(false);
  release();
  await stopped;
  expect(arrived(system)).toBe(10);
  expect(await checkpointOf(name)).toBe(10);
});

test('a lease that is lost after a stop ends the batch in flight at once', async () => {
  const leader = await startProcess({ name: newUuid(), system: createSystem(false) }, 'send');
  const { signal } = await untilHeld(leader);
  const stopped = leader.bridges.stop();
  await leader.line.refuse();
  // A stop alone leaves the batch more time than this.
  await until(() => signal.aborted, 2_000);
  await stopped;
});

/** How a leader can lose its lease while it works. */
const losses = {
  /** Its sessions are cut, and it cannot connect again. */
  async cut({ line, keeperLine }: Process) {
    await Promise.all([line.refuse(), keeperLine.refuse()]);
  },
  /** It cannot renew the lease, but its other connections work. */
  async unrenewed({ keeperLine }: Process) {
    keeperLine.blackHole();
  },
  /** Another process takes the lease, and then stops without releasing it. */
  async taken() {
    await sql(
      testDatabase.database,
      `update leases set holder = gen_random_uuid(), epoch = epoch + 1,
         expires_at = clock_timestamp() + interval '3 seconds'
       where name like 'daybook.bridges %' and expires_at > clock_timestamp()`,
    );
  },
};

test.each([
  ['its sessions are cut', 'cut', 'send', true],
  ['its sessions are cut', 'cut', 'page', false],
  ['it cannot renew the lease', 'unrenewed', 'send', false],
  ['another process takes the lease', 'taken', 'page', true],
] as const)(
  'when %s (%s in a %s, readable: %s), the leader sends nothing more and the next one goes on',
  async (_, loss, at, isKept) => {
    const name = newUuid();
    const system = createSystem(isKept);
    const leader = await startProcess({ name, system }, at);
    const { signal } = await untilHeld(leader);
    const next = await startProcess({ name, system });
    // The first page; a page that is held comes while it is sent.
    const sent = at === 'page' ? 10 : 5;
    await until(() => arrived(system) === sent);
    if (!isKept) await until(async () => (await checkpointOf(name)) === sent);
    const sendsBefore = leader.sends.length;
    await losses[loss](leader);
    await until(() => signal.aborted || next.sends.length > 0);
    await until(async () => (await checkpointOf(name)) === eventCount, 20_000);
    expect(signal.aborted).toBe(true);
    if (loss !== 'taken') expect(leader.sends).toHaveLength(sendsBefore);
    expect([...leader.sends, ...next.sends]).not.toContain(true);
    expectWholeLog(system);
  },
  40_000,
);
