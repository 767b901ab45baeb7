import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { isProcessAlive } from '../../src/postgres/embedded-postmaster.ts';
import { runStatement } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let dataDir: string;
let servers: EmbeddedPostgres[];

// As root, this also tests the capability that opens the directory, which mkdtemp closes to others.
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'daybook-embedded-'));
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await until(async () => (await postmasterPid()) === null);
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: silentLogger });
  servers.push(server);
  return server;
}

function inData(...path: readonly string[]): string {
  return join(dataDir, 'postgres', 'data', ...path);
}

async function postmasterPid(): Promise<number | null> {
  const text = await readFile(inData('postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 && isProcessAlive(pid) ? pid : null;
}

async function select(url: string, expression: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`select ${expression} as value`);
  await client.end();
  return (rows as { value: unknown }[])[0]?.value;
}

async function startChild(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const script = fileURLToPath(new URL('../support/embedded-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = await once(child.stdout, 'data');
  return { child, url: String(chunk).trim() };
}

test('data survives a stop and a new start', async () => {
  const first = await start();
  await runStatement(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  await first.stop();
  expect(await postmasterPid()).toBeNull();
  const second = await start();
  expect(await select(second.url, '(select answer from kept)')).toBe(42);
});

test('the server listens on loopback only, asks for a password, and is durable', async () => {
  const { url } = await start();
  const setting = (name: string) => select(url, `current_setting('${name}')`);
  expect(await setting('listen_addresses')).toBe('127.0.0.1');
  expect(await setting('unix_socket_directories')).toBe('');
  expect(await setting('fsync')).toBe('on');
  expect(await setting('synchronous_commit')).toBe('on');
  expect(await setting('data_checksums')).toBe('on');
  expect(await setting('server_encoding')).toBe('UTF8');
  expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(select(wrong.href, '1')).rejects.toThrow(/password authentication failed/);
});

test('two starts at once share one server, and the last user to leave stops it', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.url).toBe(second.url);
  await first.stop();
  expect(await select(second.url, '1')).toBe(1);
  await second.stop();
  expect(await postmasterPid()).toBeNull();
});

test('processes that start at once on an empty directory share one server', async () => {
  const children = await Promise.all([startChild(), startChild(), startChild()]);
  expect(new Set(children.map(({ url }) => url)).size).toBe(1);
  for (const { child } of children) child.kill('SIGTERM');
  await Promise.all(children.map(({ child }) => once(child, 'exit')));
  expect(await postmasterPid()).toBeNull();
});

test('a start that coincides with the stop of the last user gets a server', async () => {
  let server = await start();
  for (let round = 0; round < 5; round += 1) {
    const stopping = server.stop();
    server = await start();
    await stopping;
    expect(await select(server.url, '1')).toBe(1);
  }
});

test('a server that another program is connected to is left running', async () => {
  const server = await start();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await server.stop();
  await client.query('select 1');
  await client.end();
  await start();
});

test('the server of a killed process is adopted', async () => {
  const { child, url } = await startChild();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const server = await start();
  expect(server.url).toBe(url);
  await server.stop();
  expect(await postmasterPid()).toBeNull();
});

test('a SIGTERM to the process stops the server', async () => {
  const { child } = await startChild();
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(await postmasterPid()).toBeNull();
});

test('a server that was killed together with its process starts again with its data', async () => {
  const { child, url } = await startChild();
  await runStatement(url, 'create table kept as select 42 as answer');
  const pid = await postmasterPid();
  child.kill('SIGKILL');
  await once(child, 'exit');
  process.kill(pid ?? 0, 'SIGKILL');
  const server = await start();
  expect(await select(server.url, '(select answer from kept)')).toBe(42);
});

test('a server that dies while in use is started again at the same address', async () => {
  const server = await start();
  const pid = await postmasterPid();
  process.kill(pid ?? 0, 'SIGKILL');
  await until(() => select(server.url, '1').then(Boolean, () => false), 20_000);
  expect(await postmasterPid()).not.toBe(pid);
});

test('a stale postmaster.pid with the number of another process is ignored', async () => {
  const first = await start();
  const pidFile = await readFile(inData('postmaster.pid'), 'utf8');
  const { uid, gid } = await stat(inData('PG_VERSION'));
  await first.stop();
  // Under the account of PostgreSQL, which ignores the processes of other accounts.
  const account = process.geteuid?.() === 0 ? { uid, gid } : {};
  const stranger = spawn('/bin/sleep', ['60'], { ...account, cwd: '/', stdio: 'ignore' });
  await writeFile(inData('postmaster.pid'), pidFile.replace(/^\d+/, String(stranger.pid)));
  const second = await start();
  expect(await select(second.url, '1')).toBe(1);
  stranger.kill();
});

test('a large server log is rotated at a start', async () => {
  const first = await start();
  await first.stop();
  const logFile = join(dataDir, 'postgres', 'server.log');
  await truncate(logFile, 10 * 2 ** 20 + 1);
  const second = await start();
  expect((await stat(`${logFile}.1`)).size).toBe(10 * 2 ** 20 + 1);
  expect(await readFile(logFile, 'utf8')).toMatch(/ready to accept connections/);
  await second.stop();
  await start();
  expect((await stat(`${logFile}.1`)).size).toBe(10 * 2 ** 20 + 1);
});

test('the remains of a killed first start are removed', async () => {
  const unfinished = join(dataDir, `.initdb-${process.pid}-0a0b0c0d-01020304`);
  await mkdir(join(unfinished, 'data'), { recursive: true });
  await writeFile(join(unfinished, 'data', 'PG_VERSION'), '18\n');
  const server = await start();
  expect(await select(server.url, '1')).toBe(1);
  expect(await readdir(dataDir)).toEqual(['postgres']);
});

test('a first start that was killed halfway is repeated', async () => {
  const script = fileURLToPath(new URL('../support/embedded-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    detached: true,
    stdio: 'ignore',
  });
  await until(async () => (await readdir(dataDir)).some((name) => name.startsWith('.initdb-')));
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'exit');
  const server = await start();
  expect(await select(server.url, '1')).toBe(1);
});

test('a data directory that is a file is refused with advice', async () => {
  const file = join(dataDir, 'file');
  await writeFile(file, '');
  const starting = startEmbeddedPostgres({ dataDir: file, log: silentLogger });
  await expect(starting).rejects.toMatchObject({
    code: 'EMBEDDED_DATA_DIR_UNUSABLE',
    message: expect.stringMatching(/^the data directory .*set DAYBOOK_DATA_DIR/),
  });
});

test('data of another PostgreSQL version is refused with advice', async () => {
  const server = await start();
  await server.stop();
  await writeFile(inData('PG_VERSION'), '17\n');
  await expect(start()).rejects.toMatchObject({ code: 'EMBEDDED_VERSION_MISMATCH' });
});

test('the reason why a server cannot start is one line', async () => {
  const server = await start();
  await server.stop();
  await writeFile(inData('postgresql.conf'), 'nonsense = 1\n', { flag: 'a' });
  await expect(start()).rejects.toMatchObject({
    code: 'EMBEDDED_START_FAILED',
    message: expect.stringMatching(/^the embedded PostgreSQL does not start: .*nonsense.*$/),
  });
});
