import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Program, runProgram, startProgram } from './support/program.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

async function createDataDir(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-app-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function start(environment: Readonly<Record<string, string>>): Promise<Program> {
  const program = await startProgram({ LOG_LEVEL: 'error', ...environment });
  undo.push(() => program.end('SIGTERM'));
  return program;
}

async function send<Data>(program: Program, query: string, variables = {}): Promise<Data> {
  const response = await fetch(`${program.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return ((await response.json()) as { data: Data }).data;
}

const openAccount = `mutation M($id: ID) {
  openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) { __typename } }`;
const depositCash = `mutation M($id: ID!, $key: String) {
  depositCash(input: { accountId: $id, amount: "1.00", idempotencyKey: $key }) {
    ... on DepositCashPayload { sequence replayed } } }`;

async function postmasterOf(dataDir: string): Promise<number | null> {
  const file = path.join(dataDir, 'postgres/data/postmaster.pid');
  if (!existsSync(file)) return null;
  return Number((await readFile(file, 'utf8')).split('\n')[0]);
}

test('SIGTERM stops the server and its PostgreSQL, and the data survives a restart', async () => {
  const dataDir = await createDataDir();
  const first = await start({ DAYBOOK_DATA_DIR: dataDir });
  const accountId = randomUUID();
  await send(first, openAccount, { id: accountId });
  expect(await postmasterOf(dataDir)).not.toBeNull();
  expect(await first.end('SIGTERM')).toBe(0);
  // PostgreSQL removes the file after a clean stop.
  expect(await postmasterOf(dataDir)).toBeNull();
  const second = await start({ DAYBOOK_DATA_DIR: dataDir });
  const data = await send(second, '{ events { nodes { type streamId } } }');
  expect(data).toEqual({
    events: { nodes: [{ type: 'AccountOpened', streamId: `account-${accountId}` }] },
  });
});

test('a server killed while it writes restarts with every answered command, once', async () => {
  const dataDir = await createDataDir();
  const first = await start({ DAYBOOK_DATA_DIR: dataDir });
  const accountId = randomUUID();
  await send(first, openAccount, { id: accountId });
  const answered: string[] = [];
  const unanswered: string[] = [];
  const writers = Array.from({ length: 16 }, async () => {
    for (;;) {
      const key = randomUUID();
      unanswered.push(key);
      try {
        const data = await send<{ depositCash: { sequence: string } }>(first, depositCash, {
          id: accountId,
          key,
        });
        answered.push(data.depositCash.sequence);
      } catch {
        return;
      }
      unanswered.splice(unanswered.indexOf(key), 1);
      if (answered.length === 400) await first.end('SIGKILL');
    }
  });
  await Promise.all(writers);
  const second = await start({ DAYBOOK_DATA_DIR: dataDir });
  // Unanswered commands are sent again with the same key: recorded before or now, but once.
  for (const key of unanswered) await send(second, depositCash, { id: accountId, key });
  const { log } = await send<{ log: { sequence: string } }>(second, '{ log { sequence } }');
  const total = answered.length + unanswered.length;
  await expect
    .poll(() =>
      send(second, 'query Q($id: ID!) { account(id: $id) { balance } }', { id: accountId }),
    )
    .toEqual({ account: { balance: `${total}.00` } });
  expect(Number(log.sequence)).toBeLessThanOrEqual(total + 1);
  expect(new Set(answered).size).toBe(answered.length);
});

test('a port that is in use is reported in one line', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  undo.push(() => new Promise((resolve) => taken.close(resolve)));
  const { port } = taken.address() as { port: number };
  const dataDir = await createDataDir();
  const { code, output } = await runProgram(['serve'], {
    PORT: String(port),
    DAYBOOK_DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
  });
  expect({ code, output }).toEqual({
    code: 1,
    output: `daybook: port ${port} on 127.0.0.1 is in use: stop the other program or set PORT\n`,
  });
  expect(await postmasterOf(dataDir)).toBeNull();
});

test('an unreachable database is reported in one line', async () => {
  const { code, output } = await runProgram(['serve'], {
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    LOG_LEVEL: 'error',
  });
  expect(code).toBe(1);
  expect(output).toMatch(/^daybook: the database cannot be reached: [^\n]+\n$/);
});

const settings: [string, string, RegExp][] = [
  ['PORT', '70000', /^daybook: PORT 70000 is not a port number/],
  ['HOST', '0.0.0.0', /^daybook: HOST 0\.0\.0\.0 can be reached from other machines: set DAYBOOK/],
  ['DATABASE_URL', 'localhost', /^daybook: DATABASE_URL is not of the form postgres:/],
  ['LOG_LEVEL', 'loud', /^daybook: LOG_LEVEL loud is not one of/],
  ['DAYBOOK_JWT_SECRET', 'short', /^daybook: DAYBOOK_JWT_SECRET must have at least 32/],
];
test.each(settings)('a bad %s is reported in one line', async (name, value, expected) => {
  const { code, output } = await runProgram(['serve'], { [name]: value });
  expect(code).toBe(1);
  expect(output).toMatch(expected);
  expect(output.trim().split('\n')).toHaveLength(1);
});
