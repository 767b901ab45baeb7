import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect, createInbox } from '@nats-io/transport-node';
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

/**
 * A consumer to which the server pushes messages; the sequence number of the stream is that of the
 * log. It is read only once it is asked for, as the receiver of Kafka does.
 */
async function receiveNats(address: string, stream: string): Promise<Receiver> {
  const connection = await connect({ servers: [address] });
  const manager = await jetstreamManager(connection);
  const inbox = createInbox();
  const pending: (readonly [reply: string, at: number])[] = [];
  const receivedAt = new Map<number, number>();
  connection.subscribe(inbox, {
    callback(_error, { reply = '' }) {
      pending.push([reply, performance.now()]);
    },
  });
  await manager.consumers.add(stream, {
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.None,
    deliver_subject: inbox,
  });
  return {
    receivedAt,
    has: (sequences) =>
      until(() => {
        for (const [reply, at] of pending.splice(0)) receivedAt.set(sequenceOf(reply), at);
        return sequences.every((sequence) => receivedAt.has(sequence));
      }, receiveMs),
    async stop() {
      await connection.close();
    },
  };
}

/** From `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence of the stream>` and more. */
function sequenceOf(reply: string): number {
  return Number(reply.split('.')[5]);
}
