import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import {
  isDelivered,
  openAccounts,
  startBridgedEngine,
  untilDelivered,
} from '../support/bridged.ts';
import type { TestEngine } from '../support/engines.ts';
import { type HookReceiver, hookSecret, startHookReceiver } from '../support/hook-receiver.ts';
import { startBridgedChild } from '../support/kill-bridge.ts';
import { freePort } from '../support/ports.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let hook: HookReceiver;
const disposals: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  hook = await startHookReceiver();
});
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
  await hook.stop();
  await testDatabase.dispose();
});

function bridge(overrides: object = {}) {
  const own = { name: 'hook', kind: 'webhook', url: hook.url, secretEnv: 'HOOK_SECRET' };
  return { ...own, allowPrivate: true, ...overrides };
}

async function start(overrides: object = {}): Promise<TestEngine> {
  const engine = await startBridgedEngine(testDatabase.url, [bridge(overrides)], {
    secret: () => hookSecret,
  });
  disposals.push(() => engine.stop());
  return engine;
}

async function idsOf(engine: TestEngine): Promise<readonly string[]> {
  return (await engine.log.events({}, wholeLog)).map(({ id }) => id);
}

const rowOf = async (engine: TestEngine) => (await engine.bridges.rows())[0];
const errorOf = async (engine: TestEngine) => (await rowOf(engine))?.error ?? '';
const untilError = (engine: TestEngine, part: string) =>
  until(async () => (await errorOf(engine)).includes(part));

test('every event is one signed POST, in order, over one connection', async () => {
  const engine = await start();
  await openAccounts(engine, 30);
  await untilDelivered(engine);
  const events = await engine.log.events({}, wholeLog);
  expect(hook.received).toMatchObject(
    events.map(({ id, type, sequence }) => ({
      id,
      type: `daybook.${type}`,
      sequence,
      previous: sequence - 1,
      isSigned: true,
      contentType: 'application/cloudevents+json',
      path: '/hook',
    })),
  );
  expect(hook.connections()).toBe(1);
  expect(await rowOf(engine)).toMatchObject({ delivered: events.length, error: null });
});

test('a filtered bridge sends what passes, and its checkpoint passes the rest', async () => {
  const engine = await start({ filter: { types: ['CashDeposited'] } });
  await openAccounts(engine, 5);
  await untilDelivered(engine);
  expect(hook.received).toEqual([]);
});

test('an endpoint that fails gets the same event until it accepts it, and no other', async () => {
  hook.behave((response, count) => {
    if (count === 3) response.writeHead(500).end('no');
    if (count === 4) response.destroy();
    if (count === 5) response.writeHead(301, { location: `${hook.url}/moved` }).end();
    return count >= 3 && count <= 5;
  });
  const engine = await start();
  await openAccounts(engine, 10);
  await untilDelivered(engine);
  const ids = await idsOf(engine);
  expect(hook.accepted).toEqual(ids);
  expect(hook.received.map(({ id }) => id)).toEqual([
    ...ids.slice(0, 2),
    ...Array(4).fill(ids[2]),
    ...ids.slice(3),
  ]);
  expect(new Set(hook.received.map(({ path }) => path))).toEqual(new Set(['/hook']));
});

test('a redirect is not followed, and the bridge says so', async () => {
  const other = await startHookReceiver();
  disposals.push(other.stop);
  for (const status of [301, 302, 307, 308]) {
    hook.behave((response) => {
      response.writeHead(status, { location: other.url }).end();
      return true;
    });
    const engine = await start();
    await openAccounts(engine, 1);
    await untilError(engine, `answered ${status}: redirects are not followed`);
    await engine.stop();
  }
  expect(other.received).toEqual([]);
});

test('an endpoint that is gone parks the bridge until an operator retries it', async () => {
  hook.behave((response) => {
    response.writeHead(410).end();
    return true;
  });
  const engine = await start();
  await openAccounts(engine, 2);
  await until(async () => (await rowOf(engine))?.parked === true);
  expect(await errorOf(engine)).toContain('the endpoint is gone');
  expect(hook.received).toHaveLength(1);
  hook.behave(() => false);
  await engine.bridges.change('hook', 'retry');
  await untilDelivered(engine);
  expect(hook.accepted).toEqual(await idsOf(engine));
  expect(await rowOf(engine)).toMatchObject({ parked: false, error: null });
});

test('what an operator retries is tried often again, however long it has failed', async () => {
  const times: number[] = [];
  hook.behave((response) => {
    times.push(performance.now());
    response.writeHead(500).end();
    return true;
  });
  const engine = await start();
  await openAccounts(engine, 1);
  // The next pause is at least four seconds.
  await until(() => times.length === 6, 20_000);
  await engine.bridges.change('hook', 'retry');
  await until(() => times.length === 8, 3_000);
});

test('a name that is only of this machine parks the bridge as its address does', async () => {
  for (const host of ['localhost', '127.0.0.1']) {
    const url = `http://${host}:${hook.port}/hook`;
    const engine = await start({ name: host, url, allowPrivate: false });
    await openAccounts(engine, 1);
    const row = async () => (await engine.bridges.rows()).find(({ name }) => name === host);
    await until(async () => (await row())?.parked === true);
    expect((await row())?.error).toBe(
      `${host} is not a public address: use a public one or set allowPrivate, ` +
        'restart the server, then retry the bridge',
    );
    await engine.stop();
  }
  expect(hook.connections()).toBe(0);
});

test('an endpoint that has failed for three days parks the bridge', async () => {
  hook.behave((response) => {
    response.writeHead(500).end();
    return true;
  });
  const engine = await start();
  await openAccounts(engine, 1);
  await untilError(engine, 'answered 500');
  expect(await rowOf(engine)).toMatchObject({ parked: false });
  await sql(
    testDatabase.database,
    "update bridges set failing_since = failing_since - interval '3 days'",
  );
  await until(async () => (await rowOf(engine))?.parked === true);
  hook.behave(() => false);
  await engine.bridges.change('hook', 'retry');
  await untilDelivered(engine);
});

test('neither the log nor the row has the secret, the path or the event', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  hook.behave((response, count) => {
    if (count === 1) response.writeHead(500).end('a body');
    if (count === 2) response.destroy();
    if (count === 3) response.writeHead(302, { location: 'http://a.example/hook' }).end();
    if (count === 4) response.writeHead(410).end();
    return count <= 4;
  });
  const bridges = [bridge()];
  const engine = await startBridgedEngine(testDatabase.url, bridges, {
    logger,
    secret: () => hookSecret,
  });
  disposals.push(() => engine.stop());
  await openAccounts(engine, 1);
  await until(async () => (await rowOf(engine))?.parked === true);
  const said = `${lines.join('')}${await errorOf(engine)}`;
  expect(lines.join('')).toContain('a bridge is parked');
  for (const kept of [hookSecret, hookSecret.slice(6), '/hook', 'Ada', 'a body']) {
    expect(said).not.toContain(kept);
  }
});

test('a bridge waits as long as the endpoint asks, unless an operator retries it', async () => {
  hook.behave((response, count) => {
    if (count === 1) response.writeHead(503, { 'retry-after': '2' }).end();
    if (count === 2) response.writeHead(503, { 'retry-after': '3600' }).end();
    return count <= 2;
  });
  const engine = await start();
  await openAccounts(engine, 1);
  await until(() => hook.received.length === 2);
  const [first, second] = hook.received;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
  await engine.bridges.change('hook', 'retry');
  await untilDelivered(engine);
});

test('slow and silent endpoints are given up after the time of the settings', async () => {
  hook.behave((_response, count) => count === 1);
  const engine = await start({ timeoutMs: 300 });
  await openAccounts(engine, 2);
  await untilError(engine, 'did not answer within 300 ms');
  await untilDelivered(engine);
  const ids = await idsOf(engine);
  expect(hook.received.map(({ id }) => id)).toEqual([ids[0], ...ids]);
});

test('a long or endless body of an answer holds up nothing', async () => {
  hook.behave((response, count) => {
    response.writeHead(200);
    if (count === 1) response.end('x'.repeat(10_000_000));
    else response.write('never ended');
    return true;
  });
  const engine = await start();
  await openAccounts(engine, 2);
  await untilDelivered(engine);
  expect(hook.received).toHaveLength(2);
});

test('commands go on while nothing listens, and all is delivered when something does', async () => {
  const port = await freePort();
  const engine = await start({ url: `http://127.0.0.1:${port}/` });
  await openAccounts(engine, 5);
  await untilError(engine, 'ECONNREFUSED');
  await openAccounts(engine, 5);
  const later = await startHookReceiver(undefined, port);
  disposals.push(later.stop);
  await untilDelivered(engine);
  expect(later.accepted).toEqual(await idsOf(engine));
});

test('a half-open endpoint is given up', async () => {
  const sockets = new Set<{ destroy(): void }>();
  const silent: Server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  disposals.push(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const engine = await start({ url: `https://127.0.0.1:${port}/`, timeoutMs: 400 });
  await openAccounts(engine, 1);
  await untilError(engine, '127.0.0.1');
  expect(await errorOf(engine)).toMatch(/did not (?:accept a connection|answer)/);
});

test('a paused bridge sends nothing until it is resumed', async () => {
  const first = await start();
  await until(async () => (await rowOf(first)) !== undefined);
  await first.bridges.change('hook', 'pause');
  await first.stop();
  const engine = await start();
  await openAccounts(engine, 3);
  // Longer than a bridge takes to begin.
  await delay(1_500);
  expect(hook.received).toEqual([]);
  await engine.bridges.change('hook', 'resume');
  await untilDelivered(engine);
  expect(hook.accepted).toEqual(await idsOf(engine));
});

test('a pause stops a long page after the event in flight', async () => {
  const slow = 100;
  hook.behave((response) => {
    setTimeout(() => response.writeHead(200).end(), slow);
    return true;
  });
  const engine = await start();
  await openAccounts(engine, 100);
  await until(() => hook.received.length > 2);
  await engine.bridges.change('hook', 'pause');
  await until(async () => {
    const before = hook.received.length;
    await delay(4 * slow);
    return hook.received.length === before;
  });
  expect(hook.received.length).toBeLessThan(60);
  hook.behave(() => false);
  await engine.bridges.change('hook', 'resume');
  await untilDelivered(engine);
  expect(hook.received.map(({ id }) => id)).toEqual(await idsOf(engine));
});

test('of two engines one delivers, and the other continues where it stopped', async () => {
  const first = await start();
  await openAccounts(first, 5);
  await untilDelivered(first);
  const second = await start();
  await openAccounts(second, 5);
  await untilDelivered(second);
  await first.stop();
  await openAccounts(second, 5);
  await untilDelivered(second);
  expect(hook.received.map(({ id }) => id)).toEqual(await idsOf(second));
});

test('an engine that stops finishes the event in flight, and the next one repeats none', async () => {
  hook.behave((response) => {
    setTimeout(() => response.writeHead(200).end(), 50);
    return true;
  });
  const first = await start();
  await openAccounts(first, 30);
  await until(() => hook.received.length >= 5);
  await first.stop();
  expect(hook.received.length).toBeLessThan(30);
  const second = await start();
  await untilDelivered(second);
  expect(hook.received.map(({ id }) => id)).toEqual(await idsOf(second));
});

test('a process that is killed repeats one event at most', { timeout: 180_000 }, async () => {
  const writer = await startBridgedEngine(testDatabase.url, []);
  disposals.push(() => writer.stop());
  await openAccounts(writer, 120);
  let killed = 0;
  while (!(await isDelivered(writer))) {
    const seen = hook.received.length;
    const child = await startBridgedChild(testDatabase.url, [bridge()], hookSecret);
    disposals.push(async () => child.kill('SIGKILL'));
    await until(async () => hook.received.length > seen + 40 || isDelivered(writer), 30_000);
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    killed += 1;
  }
  const ids = await idsOf(writer);
  const got = hook.received.map(({ id }) => id);
  expect(killed).toBeGreaterThan(1);
  expect(got.filter((id, index) => id !== got[index - 1])).toEqual(ids);
  expect(got.length).toBeLessThanOrEqual(ids.length + killed);
});
