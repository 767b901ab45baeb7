import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import {
  Consumer,
  FetchIsolationLevels,
  MessagesStreamModes,
  stringDeserializers,
} from '@platformatic/kafka';
import { until } from '../../../support/until.ts';

/** An ordinary subscriber of a bus, which notes when it receives each message. */
export interface Receiver {
  /** When a message was received, by the sequence number of its event; in milliseconds. */
  readonly receivedAt: ReadonlyMap<number, number>;
  /** Waits until all are received. */
  has(sequences: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** Where a receiver reads: the stream of NATS, or the topic of Kafka. */
export interface ReceiverSource {
  readonly kind: 'nats' | 'kafka';
  readonly address: string;
  readonly place: string;
}

const receiveMs = 60_000;

/** Subscribes; resolves when the subscription is established. */
export function receive(source: ReceiverSource): Promise<Receiver> {
  return source.kind === 'nats' ? receiveNats(source) : receiveKafka(source);
}

/** An ordered consumer; the sequence number of the stream is that of the log. */
async function receiveNats({ address, place }: ReceiverSource): Promise<Receiver> {
  const receivedAt = new Map<number, number>();
  const connection = await connect({ servers: [address] });
  const { consumers } = jetstream(connection);
  const consumer = await consumers.get(place, { deliver_policy: DeliverPolicy.New });
  const messages = await consumer.consume({
    max_messages: 5_000,
    callback({ seq }) {
      receivedAt.set(seq, performance.now());
    },
  });
  return {
    receivedAt,
    has: (sequences) => hasAll(receivedAt, sequences),
    async stop() {
      messages.stop();
      await connection.close();
    },
  };
}

/** A consumer of committed records. */
async function receiveKafka({ address, place }: ReceiverSource): Promise<Receiver> {
  const receivedAt = new Map<number, number>();
  const consumer = new Consumer({
    groupId: `bench-${process.pid}-${Date.now()}`,
    clientId: 'bench',
    bootstrapBrokers: [address],
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    maxWaitTime: 500,
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({
    topics: [place],
    mode: MessagesStreamModes.LATEST,
    autocommit: false,
  });
  let isFetching = false;
  stream.once('fetch', () => {
    isFetching = true;
  });
  stream.on('data', ({ headers }) => {
    receivedAt.set(Number(headers.get('ce_sequence')), performance.now());
  });
  await until(() => isFetching, receiveMs);
  return {
    receivedAt,
    has: (sequences) => hasAll(receivedAt, sequences),
    async stop() {
      await consumer.close(true);
    },
  };
}

async function hasAll(
  receivedAt: ReadonlyMap<number, number>,
  sequences: readonly number[],
): Promise<void> {
  await until(() => sequences.every((sequence) => receivedAt.has(sequence)), receiveMs);
}
