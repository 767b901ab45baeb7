import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readVerifySettings } from '../../src/verify/settings.ts';
import { verifyStream } from '../../src/verify/verify-stream.ts';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  untilDelivered,
} from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic } from '../support/kafka/read-topic.ts';
import { noKafka } from '../support/kafka/resolve-kafka.ts';
import { titleWith } from '../support/skipped.ts';

describe.skipIf(noKafka)(titleWith('a Kafka topic', noKafka), () => {
  let broker: KafkaBroker;
  let given: BridgeTest;
  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(async () => {
    given = await createBridgeTest(() => broker.address);
  });
  afterEach(() => given.stopAll());

  async function verify() {
    const args = ['--kind', 'kafka', '--brokers', broker.address, '--topic', given.topic];
    const lines: string[] = [];
    const code = await verifyStream(readVerifySettings(['verify-stream', ...args]), {
      secret: () => '',
      signal: new AbortController().signal,
      print: (line) => lines.push(line),
      onProgress() {},
    });
    return { code, lines };
  }

  test('that a bridge has filled is verified, partition by partition', async () => {
    const engine = await given.start();
    await deposit(engine, 100);
    await untilDelivered(engine, 20_000);
    const { code, lines } = await verify();
    const count = (await readTopic(broker.address, given.topic)).length;
    expect(lines.at(-1)).toMatch(new RegExp(`^total +${count} +${count} +0 +0 +0$`));
    expect(code).toBe(0);
  });

  test('with a record of another producer is not, and the record is named', async () => {
    const engine = await given.start();
    await deposit(engine, 20);
    await untilDelivered(engine, 20_000);
    await engine.stop();
    const [{ partition } = { partition: 0 }] = await readTopic(broker.address, given.topic);
    await produce(partition);
    const { code, lines } = await verify();
    expect(lines.at(-1)).toMatch(/^first foreign: \S+, offset \d+, is of the ledger theirs, not /);
    expect(lines.at(-1)).toContain(`${given.topic}-${partition}, `);
    expect(code).toBe(1);
  });

  async function produce(partition: number): Promise<void> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [broker.address] });
    const [topic, value] = [given.topic, Buffer.from('{}')];
    const named = { ce_ledger: 'theirs', ce_sequence: '9', ce_previous: '8' };
    const headers = new Map(
      Object.entries(named).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
    );
    await producer.send({ messages: [{ topic, partition, value, headers }], acks: -1 });
    await producer.close();
  }
});
