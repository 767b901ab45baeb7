import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestEngine } from '../support/engines.ts';
import { deposit, differences, isDelivered, startBridging } from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic } from '../support/kafka/read-topic.ts';
import { noKafka } from '../support/kafka/resolve-kafka.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { until } from '../support/until.ts';

describe.skipIf(noKafka)(`Kafka${noKafka === null ? '' : `: skipped, ${noKafka}`}`, () => {
  let broker: KafkaBroker;
  let testDatabase: TestDatabase;
  const started: TestEngine[] = [];
  let topic: string;
  let count = 0;

  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(async () => {
    count += 1;
    topic = `events-${count}`;
    testDatabase = await createTestDatabase();
  });
  afterEach(async () => {
    for (const engine of started.splice(0)) await engine.stop();
    await testDatabase.dispose();
  });

  async function start(bridge: object = {}): Promise<TestEngine> {
    const usual = { name: 'kafka', kind: 'kafka', brokers: [broker.address], topic };
    const engine = await startBridging(testDatabase.url, [{ ...usual, ...bridge }]);
    started.push(engine);
    return engine;
  }

  test('every event is in the topic once, with its key, headers, and place in the chain', async () => {
    const engine = await start();
    await deposit(engine, 60);
    await until(() => isDelivered(engine), 20_000);
    expect(await differences(engine, broker.address, topic)).toEqual([]);
    const records = await readTopic(broker.address, topic);
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    const [event] = await engine.log.events({}, wholeLog);
    const first = records.find(({ headers }) => headers['ce_sequence'] === '1');
    expect(first).toMatchObject({
      key: event?.streamId,
      value: JSON.stringify(event?.data),
      headers: {
        ce_specversion: '1.0',
        ce_id: event?.id,
        ce_type: 'daybook.AccountOpened',
        ce_subject: event?.streamId,
        'content-type': 'application/json',
        ce_version: '1',
      },
    });
  });
});
