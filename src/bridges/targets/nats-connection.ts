import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import type { NatsSettings } from '../settings.ts';
import type { Secrets } from './secrets.ts';
import { readTlsFiles } from './tls-options.ts';

/** The settings of a connection to NATS. */
export type NatsConnectionFields = Pick<
  NatsSettings,
  'name' | 'servers' | 'tls' | 'userEnv' | 'passwordEnv' | 'tokenEnv' | 'credentialsEnv'
>;

const connectMs = 5_000;

/**
 * Connects to a NATS server. The connection does not reconnect: the caller opens another one and
 * reads the end of the stream again. A server that stops answering is noticed within ten seconds.
 */
export function connectNats(
  settings: NatsConnectionFields,
  secret: Secrets,
): Promise<NatsConnection> {
  const { name, servers, tls, userEnv, passwordEnv, tokenEnv, credentialsEnv } = settings;
  return connect({
    servers,
    name: `daybook ${name}`,
    reconnect: false,
    timeout: connectMs,
    pingInterval: 3_000,
    maxPingOut: 2,
    ...(tls === false ? {} : { tls: readTlsFiles(tls) }),
    ...(userEnv === undefined ? {} : { user: secret(userEnv) }),
    ...(passwordEnv === undefined ? {} : { pass: secret(passwordEnv) }),
    ...(tokenEnv === undefined ? {} : { token: secret(tokenEnv) }),
    ...(credentialsEnv === undefined
      ? {}
      : { authenticator: credsAuthenticator(new TextEncoder().encode(secret(credentialsEnv))) }),
  });
}
