import { Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChainedMessage } from '../../src/bridges/message.ts';
import type { Target } from '../../src/bridges/target.ts';
import { kafkaTarget } from '../../src/bridges/targets/kafka.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic } from '../support/kafka/read-topic.ts';
import { kafkaSkip, kafkaVersions, noKafka } from '../support/kafka/resolve-kafka.ts';

describe.skipIf(noKafka).each(Object.values(kafkaVersions))(`Kafka %s${kafkaSkip}`, (version) => {
  const { signal } = new AbortController();
  let broker: KafkaBroker;
  let topic: string;

  beforeAll(async () => {
    broker = await startKafkaBroker({ version });
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(() => {
    topic = newUuid();
  });

  function openTarget(): Promise<Target> {
    const kind = kafkaTarget({
      settings: { name: 'kafka', brokers: [broker.address], tls: false },
      secret: () => '',
      transactionalId: `id-of-${topic}`,
      topics: [{ name: topic, partitions: 1, replicas: 1, isCompacted: false }],
      topicOf: () => topic,
    });
    return kind.open(signal);
  }

  /** The last sequence number on the only lane, after the target has shut out its predecessor. */
  async function lastOf(target: Target): Promise<number | undefined> {
    return (await target.last(signal))?.get(`${topic}-0`)?.sequence;
  }

  async function sequences(): Promise<readonly number[]> {
    const records = await readTopic(broker.address, topic);
    return records.map(({ headers }) => Number(headers['ce_sequence']));
  }

  /** Sends an event with another client, and leaves the transaction open. */
  async function sendAndVanish(transactionalId: string, sequence: number): Promise<void> {
    const { data, attributes } = toMessage(topic, sequence);
    const headers = Object.entries(attributes).map(
      ([name, value]) => [Buffer.from(`ce_${name}`), Buffer.from(value)] as const,
    );
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [broker.address],
      idempotent: true,
      transactionalId,
      producerId: -1n,
      producerEpoch: -1,
    });
    const transaction = await producer.beginTransaction();
    const value = Buffer.from(data ?? '');
    await transaction.send({
      messages: [{ topic, partition: 0, value, headers: new Map(headers) }],
    });
    for (const [, connection] of producer.connections) connection.socket.destroy();
  }

  test('a predecessor that still sends is shut out', async () => {
    const older = await openTarget();
    const newer = await openTarget();
    try {
      expect(await lastOf(older)).toBeUndefined();
      await older.send([toMessage(topic, 1)], signal);
      expect(await lastOf(newer)).toBe(1);
      await expect(older.send([toMessage(topic, 2)], signal)).rejects.toThrow(/FENCED|EPOCH/);
      await newer.send([toMessage(topic, 2)], signal);
      await expect(older.send([toMessage(topic, 3)], signal)).rejects.toThrow(/FENCED|EPOCH/);
    } finally {
      await older.close();
      await newer.close();
    }
    expect(await sequences()).toEqual([1, 2]);
  });

  test('what a predecessor has sent and not committed does not count', async () => {
    const older = await openTarget();
    const newer = await openTarget();
    try {
      expect(await lastOf(older)).toBeUndefined();
      await older.send([toMessage(topic, 1)], signal);
      for (let n = 0; n < 5; n += 1) {
        await sendAndVanish(`id-of-${topic}`, 2);
        expect(await lastOf(newer)).toBe(1);
      }
      await newer.send([toMessage(topic, 2)], signal);
      expect(await lastOf(newer)).toBe(2);
    } finally {
      await older.close();
      await newer.close();
    }
    expect(await sequences()).toEqual([1, 2]);
  });

  test('the position is not read while another producer has an open transaction', async () => {
    const target = await openTarget();
    try {
      expect(await lastOf(target)).toBeUndefined();
      await target.send([toMessage(topic, 1)], signal);
      await sendAndVanish('another', 5);
      await target.send([toMessage(topic, 2)], signal);
      await expect(lastOf(target)).rejects.toThrow('another producer has an open transaction');
    } finally {
      await target.close();
    }
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
