import { randomUUID } from 'node:crypto';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { delay } from '../../../../src/lib/delay.ts';
import { readTopic } from '../../../support/kafka/read-topic.ts';
import { answerJobs } from '../answer-jobs.mjs';
import type { Delay } from '../live-job.ts';
import { percentile } from '../statistics.ts';
import { receive } from './receivers.ts';

/** The Kafka client alone, which produces what the bridge has produced. */
answerJobs({ take, produce, produceToConsume });

interface Place {
  readonly address: string;
  readonly topic: string;
}

interface Taken {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

let taken: readonly Taken[] = [];

/** Reads the first records of a topic, in the order of the log. Returns how many there are. */
async function take({ address, topic, count }: Place & { readonly count: number }) {
  const records = await readTopic(address, topic);
  const sequenceOf = (record: (typeof records)[number]) => Number(record.headers['ce_sequence']);
  taken = records
    .toSorted((a, b) => sequenceOf(a) - sequenceOf(b))
    .slice(0, count)
    .map(({ partition, key, value, headers }) => ({
      partition,
      key: key ?? '',
      value: value ?? '',
      headers,
    }));
  return taken.length;
}

/** Produces the records to another topic. Returns the milliseconds until the last commit. */
async function produce({ address, topic, batchSize }: Place & { readonly batchSize: number }) {
  const producer = createProducer(address, topic);
  try {
    await producer.initIdempotentProducer({});
    const startedAt = performance.now();
    for (let first = 0; first < taken.length; first += batchSize) {
      const messages = taken
        .slice(first, first + batchSize)
        .map((record) => toMessage(topic, record));
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages });
      await transaction.commit();
    }
    return performance.now() - startedAt;
  } finally {
    await producer.close(true);
  }
}

function createProducer(address: string, topic: string) {
  return new Producer({
    clientId: 'bench',
    bootstrapBrokers: [address],
    serializers: stringSerializers,
    idempotent: true,
    transactionalId: `bench-${topic}-${randomUUID()}`,
    retries: 20,
    retryDelay: 5,
  });
}

function toMessage(topic: string, { partition, key, value, headers }: Taken) {
  return { topic, partition, key, value, headers };
}

interface DelayJob extends Place {
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** From the start of a transaction of one record until a subscriber receives the record. */
async function produceToConsume(job: DelayJob): Promise<Delay> {
  const { address, topic, perSecond, warmUpMs, measuredMs } = job;
  const receiver = await receive({ kind: 'kafka', address, place: topic });
  const producer = createProducer(address, topic);
  await producer.initIdempotentProducer({});
  const sent: { sequence: number; at: number }[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + warmUpMs + measuredMs;
  for (let index = 0; performance.now() < endAt; index += 1) {
    const record = taken[index % taken.length] as Taken;
    const sequence = index + 1;
    const headers = { ...record.headers, ce_sequence: String(sequence) };
    const message = { topic, partition: record.partition, key: record.key, value: record.value };
    const at = performance.now();
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ ...message, headers }] });
    await transaction.commit();
    if (at > startedAt + warmUpMs) sent.push({ sequence, at });
    const waitMs = startedAt + (sequence / perSecond) * 1_000 - performance.now();
    if (waitMs > 1) await delay(waitMs);
  }
  await receiver.has(sent.map(({ sequence }) => sequence));
  const delays = sent.map(({ sequence, at }) => (receiver.receivedAt.get(sequence) ?? 0) - at);
  await receiver.stop();
  await producer.close(true);
  return { p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99) };
}
