import { createTestDatabase, runStatement, type TestDatabase, toDatabaseUrl } from './postgres.ts';

/** A database that can lose its last commits while its clients continue. */
export interface RestorableDatabase {
  readonly url: string;
  /** Makes a copy of the database; cuts all connections. */
  keep(): Promise<void>;
  /** Replaces the database by the copy, like a restored backup or a standby that was behind. */
  restore(): Promise<void>;
  /** All clients must have stopped. */
  dispose(): Promise<void>;
}

export async function createRestorableDatabase(): Promise<RestorableDatabase> {
  const test: TestDatabase = await createTestDatabase();
  await test.database.stop();
  const name = new URL(test.url).pathname.slice(1);
  const admin = toDatabaseUrl(test.url, 'postgres');
  const copy = `${name}_copy`;
  const lost = `${name}_lost`;

  /** Runs the work while no client is connected or can connect. */
  async function alone(work: () => Promise<void>): Promise<void> {
    await runStatement(admin, `alter database ${name} allow_connections false`);
    await runStatement(
      admin,
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`,
    );
    await work();
    await runStatement(admin, `alter database ${name} allow_connections true`);
  }

  return {
    url: test.url,
    keep: () => alone(() => runStatement(admin, `create database ${copy} template ${name}`)),
    restore: () =>
      alone(async () => {
        await runStatement(admin, `alter database ${name} rename to ${lost}`);
        await runStatement(admin, `alter database ${copy} rename to ${name}`);
      }),
    async dispose() {
      for (const each of [name, copy, lost]) {
        await runStatement(admin, `drop database if exists ${each}`);
      }
    },
  };
}
