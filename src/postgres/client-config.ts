import type { Socket } from 'node:net';
import type { ClientConfig } from 'pg';
import { readTlsSettings } from './tls.ts';
import { typeParsers } from './type-parsers.ts';

/** The settings of one connection. Every time is in milliseconds; 0 means no limit. */
export interface ConnectionSettings {
  readonly url: string;
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /** Creates the socket; if absent, pg creates it. */
  readonly openSocket?: () => Socket;
}

/** The client gives up on a statement this long after the server should have canceled it. */
const queryTimeoutGraceMs = 5_000;

/**
 * With these settings, the server ends the session of a vanished client after about 10 s, and with
 * it the client's statements, transactions and locks. By default, the operating system waits two
 * hours.
 */
const serverKeepalives = [
  'tcp_keepalives_idle=5',
  'tcp_keepalives_interval=2',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=10000',
];
const sessionSettings = [
  'TimeZone=UTC',
  'DateStyle=ISO',
  'IntervalStyle=iso_8601',
  ...serverKeepalives,
];
const keepaliveDelayMs = 5_000;

/**
 * Converts settings to those of pg. The timeouts of the server fire first, because the connection
 * is still good after them. The timeout of the client only ends a wait for a server that has gone
 * silent; the connection must be closed after it.
 *
 * @throws TlsSettingsError
 */
export function toClientConfig(settings: ConnectionSettings): ClientConfig {
  const { statementTimeoutMs = 0, connectTimeoutMs = 10_000 } = settings;
  const { url: urlWithOptions, ...tls } = readTlsSettings(settings.url);
  const { url, options } = splitOptions(urlWithOptions);
  return {
    connectionString: url,
    ...tls,
    application_name: settings.applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + queryTimeoutGraceMs,
    lock_timeout: settings.lockTimeoutMs ?? 0,
    idle_in_transaction_session_timeout: settings.idleInTransactionTimeoutMs ?? 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepaliveDelayMs,
    options: [options, ...sessionSettings.map((setting) => `-c ${setting}`)].join(' ').trim(),
    types: typeParsers,
    ...(settings.openSocket === undefined ? {} : { stream: settings.openSocket }),
  };
}

/** pg lets the `options` of the URL replace ours, so they are moved in front of ours. */
function splitOptions(url: string): { readonly url: string; readonly options: string } {
  if (!url.includes('options=')) return { url, options: '' };
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options') ?? '';
  parsed.searchParams.delete('options');
  return { url: parsed.href, options };
}
