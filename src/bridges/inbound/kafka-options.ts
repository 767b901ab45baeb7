import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { BaseOptions } from '@platformatic/kafka';
import type { KafkaInboundSettings } from '../settings.ts';
import type { Secrets } from '../targets/secrets.ts';

/** How to connect to Kafka, with the values of the secrets. */
export function toKafkaOptions(
  { name, brokers, tls, sasl }: KafkaInboundSettings,
  secret: Secrets,
): BaseOptions {
  const hasNames = brokers.some((broker) => isIP(broker.replace(/:\d+$/, '')) === 0);
  return {
    clientId: `daybook-${name}`,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    requestTimeout: 30_000,
    retries: 2,
    retryDelay: 300,
    ...(tls === false ? {} : { tls: tls === true ? {} : toFiles(tls), tlsServerName: hasNames }),
    ...(sasl === undefined ? {} : { sasl: toCredentials(sasl, secret) }),
  };
}

function toFiles({ caFile, certFile, keyFile }: Exclude<KafkaInboundSettings['tls'], boolean>) {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
  };
}

function toCredentials(sasl: NonNullable<KafkaInboundSettings['sasl']>, secret: Secrets) {
  const { mechanism } = sasl;
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: secret(sasl.tokenEnv) };
  return {
    mechanism,
    username: secret(sasl.usernameEnv),
    password: secret(sasl.passwordEnv),
  };
}
