import { initProducerIdV4 } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChainedMessage } from '../../src/bridges/message.ts';
import type { Target } from '../../src/bridges/target.ts';
import { kafkaTarget } from '../../src/bridges/targets/kafka.ts';
import {
  type KafkaConnectionFields,
  openKafkaCluster,
} from '../../src/bridges/targets/kafka-cluster.ts';
import { produceAll } from '../../src/bridges/targets/kafka-produce.ts';
import { encodeRecords } from '../../src/bridges/targets/kafka-records.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic } from '../support/kafka/read-topic.ts';
import { kafkaSkip, kafkaVersions, noKafka } from '../support/kafka/resolve-kafka.ts';

describe.skipIf(noKafka).each(Object.values(kafkaVersions))(`Kafka %s${kafkaSkip}`, (version) => {
  const { signal } = new AbortController();
  let broker: KafkaBroker;

  beforeAll(async () => {
    // So that a record can be sent in a transaction of which the coordinator does not know.
    const properties = { 'transaction.partition.verification.enable': 'false' };
    broker = await startKafkaBroker({ version, properties });
  }, 300_000);
  afterAll(() => broker?.dispose());

  function settings(): KafkaConnectionFields {
    return { name: 'kafka', brokers: [broker.address], tls: false };
  }

  function openTarget(topic: string): Promise<Target> {
    const kind = kafkaTarget({
      settings: settings(),
      secret: () => '',
      transactionalId: `id-of-${topic}`,
      topics: [{ name: topic, partitions: 3, replicas: 1, isCompacted: false }],
      topicOf: () => topic,
    });
    return kind.open(signal);
  }

  /**
   * Leaves a transaction open that the coordinator will not end. A crash can do so: when the broker
   * starts again, its coordinator may find no leader of a partition, and take it for deleted.
   */
  async function leaveOpen(topic: string, partitions: readonly number[]): Promise<void> {
    const cluster = openKafkaCluster(settings(), () => '');
    try {
      const id = `id-of-${topic}`;
      const coordinator = await cluster.connectToCoordinator(id, signal);
      const taken = await initProducerIdV4.api.async(coordinator, id, 60_000, -1n, -1);
      const session = Object.assign(taken, { transactionalId: id, sequences: new Map() });
      const parts = partitions.map((partition) => {
        const records = [{ key: 'a', value: 'not from Daybook', headers: [] }];
        return { topic, partition, leader: 1, batches: encodeRecords(records, 1_000, Date.now()) };
      });
      await produceAll({ cluster, session, signal }, parts);
    } finally {
      await cluster.close();
    }
  }

  test('a transaction that the coordinator has forgotten is aborted', async () => {
    const topic = newUuid();
    const first = await openTarget(topic);
    expect((await first.last(signal))?.size).toBe(0);
    await first.send([toMessage(topic, 1)], signal);
    // Waits until the transaction is over.
    await first.last(signal);
    await first.close();
    await leaveOpen(topic, [0, 2]);
    const second = await openTarget(topic);
    try {
      expect((await second.last(signal))?.get(`${topic}-0`)?.sequence).toBe(1);
      await second.send([toMessage(topic, 2)], signal);
    } finally {
      await second.close();
    }
    const records = await readTopic(broker.address, topic);
    expect(records.map(({ headers }) => headers['ce_sequence'])).toEqual(['1', '2']);
  });
});

function toMessage(topic: string, sequence: number): ChainedMessage {
  const id = `00000000-0000-4000-8000-00000000000${sequence}`;
  return {
    sequence,
    eventId: id,
    key: 'a',
    attributes: { id, ledger: 'l', sequence: `${sequence}` },
    data: '{}',
    lane: `${topic}-0`,
    previous: sequence - 1,
  };
}
