import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { until } from '../../../support/until.ts';
import { receiveKafka } from './kafka-receiver.ts';

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
export function receive({ kind, address, place }: ReceiverSource): Promise<Receiver> {
  return kind === 'nats' ? receiveNats(address, place) : receiveKafka(address, place);
}

/** An ordered consumer; the sequence number of the stream is that of the log. */
async function receiveNats(address: string, place: string): Promise<Receiver> {
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

async function hasAll(
  receivedAt: ReadonlyMap<number, number>,
  sequences: readonly number[],
): Promise<void> {
  await until(() => sequences.every((sequence) => receivedAt.has(sequence)), receiveMs);
}
