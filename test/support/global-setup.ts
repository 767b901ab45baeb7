import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { silentLogger } from './silent-logger.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server for tests, and its migrated database that every test clones. */
    readonly postgres: { readonly url: string; readonly template: string };
  }
}

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Builds the program, for the tests that start it. Starts one PostgreSQL for the whole run: the one
 * at TEST_DATABASE_URL, whose role must be able to create databases, or else an embedded one that
 * is removed afterwards.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  buildProgram();
  const server = await openServer();
  const template = `daybook_template_${process.pid}_${randomBytes(3).toString('hex')}`;
  try {
    await makeTemplate(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('postgres', { url: server.url, template });
  return async () => {
    await runAsAdmin(server.url, `alter database ${template} is_template false`);
    await runAsAdmin(server.url, `drop database ${template}`);
    await server.stop();
  };
}

function buildProgram(): void {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd });
  if (status !== 0) throw new Error(`the program could not be built: ${stdout}${stderr}`);
}

interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

async function openServer(): Promise<TestServer> {
  const { TEST_DATABASE_URL: url } = process.env;
  if (url !== undefined && url !== '') return { url, stop: async () => {} };
  const dataDir = await mkdtemp(join(tmpdir(), 'daybook-test-'));
  await chmod(dataDir, 0o755);
  const embedded = await startEmbeddedPostgres({ dataDir, log: silentLogger });
  const stop = async () => {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: embedded.url, stop };
}

async function makeTemplate(url: string, template: string): Promise<void> {
  await runAsAdmin(url, `create database ${template}`);
  const templateUrl = new URL(url);
  templateUrl.pathname = `/${template}`;
  if (existsSync(migrations)) await migrate(templateUrl.href, migrations);
  // A stray connection to the template would make cloning it fail.
  await runAsAdmin(url, `alter database ${template} is_template true allow_connections false`);
}

async function runAsAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
