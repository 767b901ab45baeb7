import { isIP } from 'node:net';
import {
  Admin,
  type AdminOptions,
  type ClusterMetadata,
  type Connection,
  FindCoordinatorKeyTypes,
} from '@platformatic/kafka';
import { unlessAborted } from '../../lib/unless-aborted.ts';
import type { KafkaSettings } from '../settings.ts';
import { toKafkaError } from './kafka-errors.ts';
import type { Secrets } from './secrets.ts';
import { readTlsFiles } from './tls-options.ts';

export type KafkaConnectionFields = Pick<KafkaSettings, 'name' | 'brokers' | 'tls' | 'sasl'>;

/** A Kafka cluster. A failed connection is not opened again; the target is. */
export interface KafkaCluster {
  readonly admin: Admin;
  /** Waits for an answer until the signal fires; `what` names the request in errors. */
  call<T>(what: string, signal: AbortSignal, request: () => Promise<T>): Promise<T>;
  /** The brokers, and the partitions of topics; throws if one does not exist. */
  metadata(topics: readonly string[], signal: AbortSignal): Promise<ClusterMetadata>;
  /** The connection to a broker by its id. */
  connect(broker: number, signal: AbortSignal): Promise<Connection>;
  /** The connection to the broker that coordinates the transactions of a transactional id. */
  connectToCoordinator(transactionalId: string, signal: AbortSignal): Promise<Connection>;
  /** Drops all connections at once; never throws. */
  close(): Promise<void>;
}

/** How to connect to Kafka, with the values of the secrets. */
export function toKafkaOptions(settings: KafkaConnectionFields, secret: Secrets): AdminOptions {
  const { name, brokers, tls, sasl } = settings;
  const hasNames = brokers.some((broker) => isIP(broker.replace(/:\d+$/, '')) === 0);
  return {
    clientId: `daybook-${name}`,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    requestTimeout: 10_000,
    retries: 2,
    retryDelay: 300,
    ...(tls === false ? {} : { tls: readTlsFiles(tls), tlsServerName: hasNames }),
    ...(sasl === undefined ? {} : { sasl: toCredentials(sasl, secret) }),
  };
}

function toCredentials(sasl: NonNullable<KafkaSettings['sasl']>, secret: Secrets) {
  const { mechanism } = sasl;
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: secret(sasl.tokenEnv) };
  return {
    mechanism,
    username: secret(sasl.usernameEnv),
    password: secret(sasl.passwordEnv),
  };
}

export function openKafkaCluster(settings: KafkaConnectionFields, secret: Secrets): KafkaCluster {
  const admin = new Admin(toKafkaOptions(settings, secret));

  async function call<T>(what: string, signal: AbortSignal, request: () => Promise<T>) {
    const answered = request().then(
      (value) => ({ value }),
      (error: unknown) => {
        throw toKafkaError(what, error);
      },
    );
    const answer = await unlessAborted(answered, signal);
    if (answer === null) throw new Error(`Kafka did not answer in time (${what})`);
    return answer.value;
  }
  const metadata = (topics: readonly string[], signal: AbortSignal) =>
    call('metadata', signal, () => admin.metadata({ topics: [...topics] }));

  async function connectTo(broker: { readonly host: string; readonly port: number }) {
    const connection = await admin.connections.get(broker);
    // An error ends the requests in flight; without a listener it would end the process, too.
    if (connection.listenerCount('error') < 2) connection.on('error', () => {});
    return connection;
  }
  return {
    admin,
    call,
    metadata,
    async connect(id, signal) {
      const { brokers } = await metadata([], signal);
      const broker = brokers.get(id);
      if (broker === undefined) throw new Error(`Kafka has no broker ${id}: no leader is elected`);
      return call('connect', signal, () => connectTo(broker));
    },
    async connectToCoordinator(transactionalId, signal) {
      const request = { keyType: FindCoordinatorKeyTypes.TRANSACTION, keys: [transactionalId] };
      const [found] = await call('find coordinator', signal, () => admin.findCoordinator(request));
      if (found === undefined) throw new Error('Kafka has no coordinator for the transactions');
      return call('connect', signal, () => connectTo(found));
    },
    async close() {
      // Without waiting for unsent requests: a broker that has vanished would never take them.
      for (const [, connection] of admin.connections) connection.socket?.destroy();
      await admin.close().catch(() => {});
    },
  };
}
