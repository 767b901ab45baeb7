import { ConfigResourceTypes } from '@platformatic/kafka';
import { BridgeParkedError } from '../errors.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { KafkaRequestError } from './kafka-errors.ts';
import type { KafkaLane } from './kafka-tail.ts';

/** A topic of a bridge. The settings apply only if the bridge creates the topic. */
export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  /** How many brokers keep a partition; undefined: three, or all if there are fewer. */
  readonly replicas: number | undefined;
  readonly isCompacted: boolean;
}

const replicasUsual = 3;

/** Creates the topics that do not exist. */
export async function ensureKafkaTopics(
  cluster: KafkaCluster,
  topics: readonly KafkaTopic[],
  signal: AbortSignal,
): Promise<void> {
  const { admin, call } = cluster;
  const existing = new Set(await call('list topics', signal, () => admin.listTopics()));
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  const { brokers } = await cluster.metadata([], signal);
  for (const { name, partitions, replicas, isCompacted } of missing) {
    const request = {
      topics: [name],
      partitions,
      replicas: replicas ?? Math.min(replicasUsual, brokers.size),
      // A copy of the log stays whole until an operator decides otherwise.
      configs: isCompacted
        ? [{ name: 'cleanup.policy', value: 'compact' }]
        : [
            { name: 'cleanup.policy', value: 'delete' },
            { name: 'retention.ms', value: '-1' },
          ],
    };
    try {
      await call(`create topic ${name}`, signal, () => admin.createTopics(request));
    } catch (error) {
      const isThere = error instanceof KafkaRequestError && error.names.has(alreadyThere);
      if (!isThere) throw error;
    }
  }
}

const alreadyThere = 'TOPIC_ALREADY_EXISTS';

/** The partitions of topics as lanes, by topic and in order of their numbers. */
export async function readKafkaLanes(
  cluster: KafkaCluster,
  topics: readonly KafkaTopic[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly KafkaLane[]>> {
  const names = topics.map(({ name }) => name);
  const { topics: found } = await cluster.metadata(names, signal);
  return new Map(
    names.map((topic) => {
      const partitions = found.get(topic)?.partitions ?? [];
      if (partitions.length === 0) throw new Error(`Kafka has no partitions of topic ${topic}`);
      const lanes = partitions.map(({ leader }, partition) => {
        return { name: `${topic}-${partition}`, topic, partition, leader };
      });
      return [topic, lanes];
    }),
  );
}

const maxBytesUsual = 1_048_588;

/** How large a batch of records may be in each topic, in bytes. */
export async function readBatchLimits(
  { admin, call }: KafkaCluster,
  topics: readonly KafkaTopic[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const resources = topics.map(({ name }) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: name,
    configurationKeys: ['max.message.bytes'],
  }));
  const found = await call('describe topics', signal, () =>
    admin.describeConfigs({ resources }),
  ).catch((error: unknown) => {
    // Without the right to read the settings, the bridge assumes the default.
    if (error instanceof KafkaRequestError && error.names.has(forbidden)) return [];
    throw error;
  });
  const limits = found.map(({ resourceName, configs }) => {
    const limit = Number(configs[0]?.value ?? maxBytesUsual);
    return [resourceName, limit] as const;
  });
  const usual = topics.map(({ name }) => [name, maxBytesUsual] as const);
  return new Map([...usual, ...limits]);
}

const forbidden = 'TOPIC_AUTHORIZATION_FAILED';

/** The error that parks a bridge until the topic accepts larger records. */
export function toTooLarge(
  topic: string,
  event: number,
  sizes: string,
  cause: unknown,
): BridgeParkedError {
  return new BridgeParkedError(
    `event ${event} is too large for topic ${topic}: ${sizes}; raise max.message.bytes, then ` +
      'retry the bridge',
    { cause },
  );
}
