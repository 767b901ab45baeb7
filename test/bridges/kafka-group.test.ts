import { Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { joinKafkaGroup } from '../../src/bridges/inbound/kafka-group.ts';
import { openKafkaCluster, toKafkaOptions } from '../../src/bridges/targets/kafka-cluster.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { withAdmin } from '../support/kafka/read-topic.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';

const topic = 'commands';
const partitions = 8;

describe.skipIf(noKafka)(`a member of a Kafka group${kafkaSkip}`, () => {
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await startKafkaBroker();
    await withAdmin(broker.address, (admin) => admin.createTopics({ topics: [topic], partitions }));
  }, 300_000);
  afterAll(() => broker?.dispose());

  /** Sends nearly a megabyte to each partition, in batches of one record. */
  async function fill(): Promise<void> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [broker.address] });
    const value = Buffer.alloc(60_000, 'x');
    for (let n = 0; n < 16 * partitions; n += 1) {
      await producer.send({ messages: [{ topic, partition: n % partitions, value }] });
    }
    await producer.close();
  }

  test('full partitions do not keep the others from being read', async () => {
    await fill();
    const { signal } = new AbortController();
    const settings = { name: 'in', brokers: [broker.address], tls: false };
    const secret = () => '';
    const cluster = openKafkaCluster(settings, secret);
    const client = toKafkaOptions(settings, secret);
    const options = { client, cluster, topic, group: 'readers', member: 'in' };
    const group = await joinKafkaGroup(options, signal);
    try {
      const seen = new Set<number>();
      // An answer has a megabyte, and a quarter of it for each partition.
      for (let reads = 0; reads < 3; reads += 1) {
        const { pages } = await group.read(signal);
        for (const { partition } of pages) seen.add(partition);
      }
      expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    } finally {
      await group.close();
      await cluster.close();
    }
  }, 60_000);
});
