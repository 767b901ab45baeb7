import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AnswerLoss,
  type LosableRequest,
  startAnswerLoss,
} from '../support/kafka/answer-loss.ts';
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
import { until } from '../support/until.ts';

const waitMs = 60_000;

describe.skipIf(noKafka)(`lost answers of Kafka${kafkaSkip}`, () => {
  let broker: KafkaBroker;
  let proxy: AnswerLoss;
  let given: BridgeTest;

  beforeAll(async () => {
    const port = await freePort();
    proxy = await startAnswerLoss(port);
    const listener = { protocol: 'PLAINTEXT', port, advertisedPort: proxy.port } as const;
    broker = await startKafkaBroker({ listeners: { PROXIED: listener } });
  }, 300_000);
  afterAll(async () => {
    await proxy?.stop();
    await broker?.dispose();
  });
  beforeEach(async () => {
    given = await createBridgeTest(() => `127.0.0.1:${proxy.port}`);
  });
  afterEach(() => given.stopAll());

  test.each<[request: LosableRequest, what: string]>([
    ['produce', 'records without a commit'],
    ['commit', 'a whole transaction'],
  ])(
    'after a %s that left %s, every event is there once',
    async (request) => {
      const engine = await given.start();
      await deposit(engine, 10);
      await untilDelivered(engine, waitMs);
      for (let n = 0; n < 3; n += 1) {
        const before = proxy.lostCount();
        proxy.loseAnswerTo(request);
        await deposit(engine, 20);
        await until(() => proxy.lostCount() === before + 1, waitMs);
        // An operator need not wait for the next attempt.
        await engine.bridges.change('kafka', 'retry');
        await untilDelivered(engine, waitMs);
      }
      expect(await differences(engine, broker.address, given.topic)).toEqual([]);
      expect((await engine.bridges.rows())[0]?.error).toBeNull();
    },
    120_000,
  );
});
