import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import { delay } from '../../src/lib/delay.ts';
import type { TestEngine } from '../support/engines.ts';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  differences,
  untilDelivered,
} from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';
import { kills, startBridgedChild } from '../support/kill-bridge.ts';
import { until } from '../support/until.ts';

const waitMs = 60_000;

describe.skipIf(noKafka)(`Kafka fails${kafkaSkip}`, () => {
  let broker: KafkaBroker;
  let given: BridgeTest;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(async () => {
    given = await createBridgeTest(() => broker.address);
  });
  afterEach(async () => {
    while (children.length > 0) await killOldest();
    await given.stopAll();
  });

  /** Makes deposits until the returned function is called. */
  async function startLoad(engine: TestEngine): Promise<() => Promise<void>> {
    const ids = await deposit(engine, 0);
    let isOver = false;
    const running = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const accountId = ids[n % ids.length] ?? '';
        await engine.accept(accounts.depositCash, { accountId, amount: '1.00' });
        await delay(2);
      }
    })();
    return async () => {
      isOver = true;
      await running;
    };
  }

  async function startChild(): Promise<void> {
    const bridge = { name: 'kafka', kind: 'kafka', brokers: [broker.address], topic: given.topic };
    children.push(await startBridgedChild(given.database.url, [bridge]));
  }

  /** Kills the process that has run for the longest time, which so leads the bridge. */
  async function killOldest(): Promise<void> {
    const child = children.shift();
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  test('a broker that is restarted and killed under load gets every event once', async () => {
    const engine = await given.start();
    const stopLoad = await startLoad(engine);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await delay(1_000);
      await broker.stop(signal);
      await delay(500);
      await broker.start();
      // An operator need not wait for the next attempt.
      await engine.bridges.change('kafka', 'retry');
    }
    await stopLoad();
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, given.topic)).toEqual([]);
  }, 240_000);

  test(
    `servers that are killed at ${kills} random points deliver every event once`,
    async () => {
      const writer = await given.start({ name: 'other', topic: `${given.topic}-other` });
      const stopLoad = await startLoad(writer);
      await startChild();
      await startChild();
      for (let n = 0; n < kills; n += 1) {
        const before = await checkpointOf(writer);
        await until(async () => (await checkpointOf(writer)) > before, waitMs);
        await delay(Math.random() * 1_500);
        await killOldest();
        await startChild();
      }
      await stopLoad();
      await untilDelivered(writer, waitMs);
      expect(await differences(writer, broker.address, given.topic)).toEqual([]);
    },
    100_000 + kills * 30_000,
  );

  const checkpointOf = async (engine: TestEngine): Promise<number> =>
    (await engine.bridges.rows()).find(({ name }) => name === 'kafka')?.checkpoint ?? 0;
});
