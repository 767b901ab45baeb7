import type { ClientConfig } from 'pg';
import { typeParsers } from './type-parsers.ts';

/** How one connection is made and bounded; every time in milliseconds, 0 means no limit. */
export interface ConnectionSettings {
  readonly url: string;
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
}

/** The client gives up on a statement this much after the server should have. */
const queryTimeoutGraceMs = 5_000;

/**
 * The settings as pg wants them. The server's own time-outs come first, because after them the
 * connection is still good; the client's only ends a wait for a server that has gone silent, and
 * whoever gets it must close the connection.
 */
export function toClientConfig(settings: ConnectionSettings): ClientConfig {
  const { statementTimeoutMs = 0, connectTimeoutMs = 10_000 } = settings;
  const { url, options } = splitOptions(settings.url);
  return {
    connectionString: url,
    application_name: settings.applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + queryTimeoutGraceMs,
    lock_timeout: settings.lockTimeoutMs ?? 0,
    idle_in_transaction_session_timeout: settings.idleInTransactionTimeoutMs ?? 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: `${options} -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601`.trim(),
    types: typeParsers,
  };
}

/** pg lets the URL's `options` replace ours, so they are taken out of it and put before ours. */
function splitOptions(url: string): { readonly url: string; readonly options: string } {
  if (!url.includes('options=')) return { url, options: '' };
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options') ?? '';
  parsed.searchParams.delete('options');
  return { url: parsed.href, options };
}
