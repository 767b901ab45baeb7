import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../src/client/client.ts';
import { createRandom } from '../../src/demo/random.ts';
import { startEngine } from '../../src/engine.ts';
import { expectExactlyOnce, runClientLoad } from '../support/client-load.ts';
import { startFaultyFront } from '../support/faulty-front.ts';
import { kills } from '../support/kill-bridge.ts';
import { testMasterKeys } from '../support/master-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { type Program, startProgram } from '../support/program.ts';
import { createTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const rates = { requestLost: 0.01, answerLost: 0.02, answerTorn: 0.01 };

/** All events of a log that no server has open any more. */
async function readLog({ url, database }: TestDatabase) {
  const engine = await startEngine({
    database,
    url,
    contexts: [],
    logger: silentLogger,
    masterKeys: testMasterKeys(),
  });
  try {
    return await engine.log.events({}, wholeLog);
  } finally {
    await engine.stop();
  }
}

test(`kill -9 of two servers, ${kills} times, loses and repeats nothing`, async () => {
  const seed = randomUUID();
  const random = createRandom(seed, 'kills');
  const testDatabase = await createTestDatabase();
  const start = (): Promise<Program> => startProgram({ DATABASE_URL: testDatabase.url });
  const programs = await Promise.all([start(), start()]);
  const urlsOf = () => programs.map(({ url }) => url);
  const front = await startFaultyFront(urlsOf(), rates, seed);
  let isOver = false;

  async function killAgainAndAgain(): Promise<void> {
    for (let count = 0; count < kills; count += 1) {
      await delay(random.integer(100, 1_500));
      const index = random.integer(0, 1);
      await programs[index]?.end('SIGKILL');
      // Connections to the server that is gone are refused until it has started again.
      await delay(random.integer(0, 500));
      programs[index] = await start();
      front.setTargets(urlsOf());
    }
    isOver = true;
  }

  try {
    const killing = killAgainAndAgain();
    const load = await runClientLoad({
      url: front.url,
      writers: 3,
      isOver: (made) => made >= 20 && isOver,
      onWritten: front.heal,
    });
    await killing;
    for (const program of programs) await program.end('SIGTERM');
    expect(load.retryCount(), seed).toBeGreaterThan(kills);
    expectExactlyOnce(load, await readLog(testDatabase));
  } catch (error) {
    throw new Error(`with the seed ${seed}`, { cause: error });
  } finally {
    for (const program of programs) await program.end('SIGKILL');
    await front[Symbol.asyncDispose]();
    await testDatabase.dispose();
  }
}, 1_200_000);

test('a network that falls silent is noticed, and the subscription resumes', async () => {
  const server = await createTestServer();
  const proxy = await createTcpProxy(server.url);
  const url = `${proxy.url.replace(/\/$/, '')}/graphql`;
  const live = createClient({ url, webSocketImpl: WebSocket });
  const direct = createClient({ url: `${server.url}/graphql` });
  const seen: string[] = [];
  const watch = 'subscription S($after: Sequence) { events(after: $after) { sequence } }';
  const following = (async () => {
    for await (const frame of live.subscribe<{ events: { sequence: string } }>(watch)) {
      seen.push(frame.events.sequence);
    }
  })();
  await until(() => seen.length === 1);
  proxy.strand();
  const open =
    'mutation M($input: OpenAccountInput!) { openAccount(input: $input) { __typename } }';
  await direct.mutate(open, { input: { owner: 'Ada', currency: 'EUR' } });
  await until(() => seen.length === 2, 25_000);
  expect(seen).toEqual(['0', '1']);
  live.close();
  await following;
  await proxy.stop();
  await server.dispose();
}, 60_000);
