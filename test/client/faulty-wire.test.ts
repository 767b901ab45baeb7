import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { expectExactlyOnce, runClientLoad } from '../support/client-load.ts';
import { startFaultyFront } from '../support/faulty-front.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';

const rates = { requestLost: 0.04, answerLost: 0.06, answerTorn: 0.04 };

/** Two servers on one database, as behind a balancer. */
async function startTwoServers() {
  const { url, dispose } = await createTestDatabase();
  const start = async () => {
    const database = createDatabase({ url, applicationName: 'server', log: silentLogger });
    const server = await startTestServer(url, database);
    const stop = async () => {
      await server.stop();
      await database.stop();
    };
    return { url: server.url, engine: server.engine, stop };
  };
  const servers = [await start(), await start()] as const;
  return {
    servers,
    async [Symbol.asyncDispose]() {
      for (const { stop } of servers) await stop();
      await dispose();
    },
  };
}

test('a faulty wire to two servers loses and repeats nothing', async () => {
  const property = fc.asyncProperty(fc.string({ minLength: 8, maxLength: 8 }), async (seed) => {
    await using running = await startTwoServers();
    const [first, second] = running.servers;
    await using front = await startFaultyFront([first.url, second.url], rates, seed);
    const load = await runClientLoad({
      url: front.url,
      writers: 3,
      isOver: (made) => made === 25,
      onWritten: front.heal,
    });
    expect(front.faultCount()).toBeGreaterThan(10);
    expect(load.retryCount()).toBeGreaterThan(10);
    expectExactlyOnce(load, await first.engine.log.events({}, wholeLog));
  });
  await fc.assert(property, { numRuns: 2, endOnFailure: true });
});
