import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { type Leadership, withLeadership } from '../../src/postgres/leadership.ts';
import { releaseLeases, renewLeases } from '../../src/postgres/leases.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let database: Database;
let proxy: TcpProxy;
let far: Database;
const kind = 'daybook.views';
const ids = [7];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = testDatabase.database;
});

beforeEach(async () => {
  await sql(database, 'delete from leases');
  proxy = await createTcpProxy(testDatabase.url);
  far = createDatabase({ url: proxy.url, applicationName: 'far', log: silentLogger });
});

afterEach(async () => {
  far.cut();
  await far.stop();
  await proxy.stop();
});

afterAll(() => testDatabase.dispose());

interface Leader {
  readonly leadership: Leadership;
  stop(): Promise<void>;
}

/** Leads over a database until it is stopped or its leadership ends. */
async function lead(over: Database, holder: string = newUuid()): Promise<Leader> {
  const stopping = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const leadership = await new Promise<Leadership>((resolve, reject) => {
    const options = { database: over, keeper: over, kind, holder, logger: silentLogger } as const;
    ended = withLeadership({ ...options, signal: stopping.signal }, async (_executor, term) => {
      resolve(term);
      await new Promise<void>((end) => term.signal.addEventListener('abort', () => end()));
    });
    ended.catch(reject);
  });
  return {
    leadership,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

async function epochOf(id: number): Promise<number | undefined> {
  const rows = await sql<{ epoch: number }>(
    database,
    `select epoch from leases where name = 'daybook.views ' || $1::integer`,
    [id],
  );
  return rows[0]?.epoch;
}

test('a lease has one holder at a time, and its epoch rises with each new holder', async () => {
  const [first, second] = [newUuid(), newUuid()];
  const hold = (holder: string, ttlMs = 60_000) =>
    renewLeases(database, { kind, ids: [1, 2], holder }, ttlMs);
  const taken = [
    { id: 1, epoch: 1 },
    { id: 2, epoch: 1 },
  ];
  expect(await hold(first)).toEqual(taken);
  expect(await hold(first)).toEqual(taken);
  expect(await hold(second)).toEqual([]);
  await releaseLeases(database, { kind, ids: [2], holder: second });
  expect(await hold(second)).toEqual([]);
  await releaseLeases(database, { kind, ids: [2], holder: first });
  expect(await hold(second, 0)).toEqual([{ id: 2, epoch: 2 }]);
  expect(await hold(first)).toEqual([
    { id: 1, epoch: 1 },
    { id: 2, epoch: 3 },
  ]);
});

test('of many processes that compete for the same leases, each lease goes to one', async () => {
  const many = Array.from({ length: 12 }, (_, id) => id);
  const holders = Array.from({ length: 8 }, newUuid);
  const taken = await Promise.all(
    holders.map((holder) => renewLeases(database, { kind, ids: many, holder }, 60_000)),
  );
  const all = taken.flatMap((leases) => leases.map(({ id }) => id));
  expect(all.sort((a, b) => a - b)).toEqual(many);
});

test('when a leader stops, another process can lead at once', async () => {
  const first = await lead(far);
  expect(await first.leadership.take(ids)).toEqual(new Set(ids));
  const second = await lead(database);
  expect(await second.leadership.take(ids)).toEqual(new Set());
  await first.stop();
  expect(await second.leadership.take(ids)).toEqual(new Set(ids));
  await second.stop();
});

test('a lease that is released can be taken at once, and the leadership goes on', async () => {
  const first = await lead(far);
  await first.leadership.take([7, 8]);
  const second = await lead(database);
  await first.leadership.release([7]);
  expect(await second.leadership.take([7, 8])).toEqual(new Set([7]));
  expect(await first.leadership.take([7, 8])).toEqual(new Set([8]));
  await first.leadership.release([8]);
  // Without a lease there is nothing to renew, and nothing to lose.
  const releasedAt = performance.now();
  await until(() => performance.now() - releasedAt > 5_000);
  expect(first.leadership.signal.aborted).toBe(false);
  expect(await first.leadership.take([8])).toEqual(new Set([8]));
  await first.stop();
  await second.stop();
});

test('a leader that renews its lease keeps it for longer than its duration', async () => {
  const leader = await lead(far);
  await leader.leadership.take(ids);
  const takenAt = performance.now();
  await until(() => performance.now() - takenAt > 6_000);
  expect(await renewLeases(database, { kind, ids, holder: newUuid() }, 0)).toEqual([]);
  expect(leader.leadership.signal.aborted).toBe(false);
  await leader.stop();
});

test('a leader that is disconnected stops before another one can lead', async () => {
  const first = await lead(far);
  await first.leadership.take(ids);
  proxy.blackHole();
  const second = await lead(database);
  await until(async () => {
    const wasAborted = first.leadership.signal.aborted;
    const taken = await second.leadership.take(ids);
    if (taken.size > 0) expect(wasAborted).toBe(true);
    return taken.size > 0;
  }, 8_000);
  expect(await epochOf(7)).toBe(2);
  await second.stop();
  far.cut();
  await first.stop().catch(() => {});
});

test('a process that is killed is replaced at once, because its session has ended', async () => {
  const killed = createDatabase({ url: testDatabase.url, applicationName: 'k', log: silentLogger });
  await renewLeases(killed, { kind, ids, holder: newUuid() }, 60_000);
  killed.cut();
  await killed.stop();
  const next = await lead(database);
  await until(async () => (await next.leadership.take(ids)).size === 1, 2_000);
  expect(await epochOf(7)).toBe(2);
  await next.stop();
});

test('a process takes over its own lease without waiting for it to expire', async () => {
  const holder = newUuid();
  await renewLeases(database, { kind, ids, holder }, 60_000);
  const again = await lead(database, holder);
  expect(await again.leadership.take(ids)).toEqual(new Set(ids));
  expect(await epochOf(7)).toBe(1);
  await again.stop();
});

test('a lease of a process of the previous version is not taken over', async () => {
  const lock = `select pg_advisory_lock(hashtext('daybook.views'), 7)`;
  const leader = await lead(far);
  await leader.leadership.take([7, 8]);
  await database.withConnection(async (executor) => {
    await sql(executor, lock);
    await until(() => leader.leadership.signal.aborted);
    const next = await lead(database);
    expect(await next.leadership.take([7])).toEqual(new Set());
    await next.stop();
  });
  await leader.stop();
  expect(await renewLeases(database, { kind, ids, holder: newUuid() }, 0)).toHaveLength(1);
});
