import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Consumer, Producer } from '@platformatic/kafka';
import { groupBy } from '../../src/lib/group-by.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { type KafkaBroker, startKafkaBroker } from './kafka/kafka-broker.ts';
import { readTopic, withAdmin } from './kafka/read-topic.ts';
import { noKafka } from './kafka/resolve-kafka.ts';
import { noNats, startNatsServer } from './nats-server.ts';

/** A message of a test: its key, and its body as JSON or as text. */
export type SentMessage = readonly [key: string, body: unknown];

/** A real server with a topic or stream from which an inbound bridge reads. */
export interface InboundBus {
  /** The entry of the bridge in the configuration. */
  readonly entry: Readonly<Record<string, unknown>>;
  send(messages: readonly SentMessage[]): Promise<void>;
  /** The number of messages that the bridge has not acknowledged. */
  unread(): Promise<number>;
  /** The codes of the dead letters, in order. */
  deadLetters(): Promise<readonly string[]>;
  /** Makes the bus deliver every message again; the bridge must be stopped. */
  rewind(): Promise<void>;
  /** Ends the server as a crash does, and starts it again. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}

/** A system with inbound bridges. */
export interface InboundSystem {
  readonly kind: string;
  /** Why its tests cannot run here; null if they can. */
  readonly reason: string | null;
  /** Starts a server, which takes long for some; then opens buses on it, one at a time. */
  start(): Promise<InboundServer>;
}

export interface InboundServer {
  open(): Promise<InboundBus>;
  dispose(): Promise<void>;
}

export const systems: readonly InboundSystem[] = [
  {
    kind: 'NATS JetStream',
    reason: noNats,
    start: async () => ({ open: openNats, dispose: async () => {} }),
  },
  {
    kind: 'Kafka',
    reason: noKafka,
    async start() {
      const kafka = await startKafkaBroker();
      return { open: () => openKafka(kafka), dispose: () => kafka.dispose() };
    },
  },
];

const toText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));
const shared = { name: 'commands', actor: 'payments' };

async function openNats(): Promise<InboundBus> {
  const nats = await startNatsServer();
  const open = () => connect({ servers: [nats.address] });
  let connection = await open();
  let manager = await jetstreamManager(connection);
  const addStream = (name: string, subject: string) =>
    manager.streams.add({ name, subjects: [subject] });
  await addStream('COMMANDS', 'commands.>');
  await addStream('DEAD', 'dead.commands');
  return {
    entry: {
      ...shared,
      kind: 'nats',
      servers: [nats.address],
      stream: 'COMMANDS',
      deadLetter: 'dead.commands',
    },
    async send(messages) {
      const client = jetstream(connection);
      await Promise.all(
        messages.map(([key, body]) => client.publish(`commands.${key}`, toText(body))),
      );
    },
    async unread() {
      const info = await manager.consumers.info('COMMANDS', 'daybook-commands').catch(() => null);
      if (info === null) return (await manager.streams.info('COMMANDS')).state.messages;
      return info.num_pending + info.num_ack_pending;
    },
    async deadLetters() {
      const { state } = await manager.streams.info('DEAD');
      const codes = [];
      for (let seq = 1; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage('DEAD', { seq });
        codes.push(message?.header.get('daybook-code') ?? '');
      }
      return codes;
    },
    async rewind() {
      await manager.consumers.delete('COMMANDS', 'daybook-commands');
    },
    async crash() {
      await connection.close();
      await nats.stop('SIGKILL');
      await nats.start();
      connection = await open();
      manager = await jetstreamManager(connection);
    },
    async dispose() {
      await connection.close();
      await nats.dispose();
    },
  };
}

async function openKafka(kafka: KafkaBroker): Promise<InboundBus> {
  const topic = `commands-${newUuid().slice(-12)}`;
  const group = topic;
  const deadLetter = `${topic}.dead`;
  const client = { clientId: 'test', bootstrapBrokers: [kafka.address], retries: 5 };
  const partitions = 3;
  await withAdmin(kafka.address, (admin) => admin.createTopics({ topics: [topic], partitions }));

  async function withConsumer<T>(work: (consumer: Consumer) => Promise<T>): Promise<T> {
    const consumer = new Consumer({ ...client, groupId: group });
    try {
      return await work(consumer);
    } finally {
      await consumer.close();
    }
  }
  return {
    entry: {
      ...shared,
      kind: 'kafka',
      brokers: [kafka.address],
      topic,
      group,
      deadLetter,
    },
    async send(messages) {
      const producer = new Producer(client);
      const records = messages.map(([key, body]) => ({
        topic,
        key: Buffer.from(key),
        value: Buffer.from(toText(body)),
      }));
      // If one partition of a request has no leader yet, the client repeats all of the request.
      for (const own of groupBy(records, ({ key }) => key.toString()).values()) {
        await producer.send({ messages: own });
      }
      await producer.close();
    },
    unread: () =>
      withConsumer(async (consumer) => {
        const all = [{ topic, partitions: [0, 1, 2] }];
        const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
        const done = (await consumer.listCommittedOffsets({ topics: all })).get(topic) ?? [];
        const counts = ends.map(
          (end, index) => Number(end) - Math.max(0, Number(done[index] ?? 0)),
        );
        return counts.reduce((sum, count) => sum + count, 0);
      }),
    async deadLetters() {
      const letters = await readTopic(kafka.address, deadLetter);
      return letters.map(({ headers }) => headers['daybook-code'] ?? '');
    },
    rewind: () =>
      withConsumer(async (consumer) => {
        consumer.topics.track(topic);
        await consumer.joinGroup({});
        const offsets = [0, 1, 2].map((partition) => {
          return { topic, partition, offset: 0n, leaderEpoch: 0 };
        });
        await consumer.commit({ offsets });
        await consumer.leaveGroup();
      }),
    async crash() {
      await kafka.stop('SIGKILL');
      await kafka.start();
    },
    dispose: async () => {},
  };
}
