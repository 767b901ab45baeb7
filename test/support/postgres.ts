import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { silentLogger } from './silent-logger.ts';

/** A migrated, empty database for one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Stops the pool and drops the database; throws if a test left a connection open. */
  dispose(): Promise<void>;
}

/** Clones the template of the global set-up in a few milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url: serverUrl, template } = inject('postgres');
  const name = `daybook_test_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(serverUrl, `create database ${name} template ${template}`);
  const url = toDatabaseUrl(serverUrl, name);
  const database = createDatabase({
    url,
    applicationName: 'daybook test',
    statementTimeoutMs: 20_000,
    lockTimeoutMs: 15_000,
    idleInTransactionTimeoutMs: 20_000,
    connectTimeoutMs: 10_000,
    log: silentLogger,
  });
  const dispose = async () => {
    await database.stop();
    // Without force, so that the server waits for connections to close and then fails.
    await runStatement(serverUrl, `drop database ${name}`);
  };
  return { url, database, dispose };
}

/** The URL of another database on the same server. */
export function toDatabaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Runs one statement on a separate connection. */
export async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
