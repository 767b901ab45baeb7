import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
import { freePort } from '../support/ports.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const waitMs = 60_000;

describe.skipIf(noKafka)(`Kafka network${kafkaSkip}`, () => {
  let broker: KafkaBroker;
  let proxy: TcpProxy;
  let given: BridgeTest;

  beforeAll(async () => {
    const port = await freePort();
    proxy = await createTcpProxy(`http://127.0.0.1:${port}`);
    const advertisedPort = Number(new URL(proxy.url).port);
    const listener = { protocol: 'PLAINTEXT', port, advertisedPort } as const;
    broker = await startKafkaBroker({ listeners: { PROXIED: listener } });
  }, 300_000);
  afterAll(async () => {
    await proxy?.stop();
    await broker?.dispose();
  });
  beforeEach(async () => {
    given = await createBridgeTest(() => new URL(proxy.url).host);
  });
  afterEach(async () => {
    await proxy.restore();
    await given.stopAll();
  });

  const errorOf = async (engine: TestEngine) => (await engine.bridges.rows())[0]?.error ?? null;

  async function expectComplete(engine: TestEngine): Promise<void> {
    await engine.bridges.change('kafka', 'retry');
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, given.topic)).toEqual([]);
    expect(await errorOf(engine)).toBeNull();
  }

  test('a bridge starts although no broker can be reached', async () => {
    await proxy.refuse();
    const engine = await given.start();
    await deposit(engine, 10);
    await until(async () => (await errorOf(engine)) !== null, waitMs, engine.bridges.rows);
    expect(await errorOf(engine)).toMatch(/Kafka/);
    await proxy.restore();
    await expectComplete(engine);
  });

  test('a silent network is noticed, and nothing is lost or repeated', async () => {
    const engine = await given.start();
    await deposit(engine, 10);
    await untilDelivered(engine, waitMs);
    proxy.blackHole();
    await deposit(engine, 10);
    await until(async () => (await errorOf(engine)) !== null, waitMs, engine.bridges.rows);
    await proxy.restore();
    await expectComplete(engine);
  }, 120_000);

  test('connections that break at any moment lose and repeat nothing', async () => {
    const engine = await given.start();
    await deposit(engine, 10);
    await untilDelivered(engine, waitMs);
    const cutting = setInterval(() => proxy.cut(), 70);
    const retrying = setInterval(() => void engine.bridges.change('kafka', 'retry'), 300);
    for (let n = 0; n < 40; n += 1) await deposit(engine, 20);
    clearInterval(cutting);
    clearInterval(retrying);
    await expectComplete(engine);
  }, 120_000);
});
