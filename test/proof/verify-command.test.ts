import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import { readHead } from '../../src/proof/head-row.ts';
import { batchOf, run } from '../support/batches.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let directory: string;
let environment: Record<string, string>;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-verify-log-'));
  environment = { DATABASE_URL: testDatabase.url, DAYBOOK_DATA_DIR: directory };
});
afterEach(async () => {
  await testDatabase.dispose();
  await rm(directory, { recursive: true });
});

const batchSize = 500;

async function append(batches: number): Promise<void> {
  const log = createLog(testDatabase.database, new Map());
  const { sequence } = await log.head();
  for (let count = 0; count < batches; count += 1) {
    await log.append(batchOf(run('note-a', sequence + count * batchSize, batchSize)));
  }
}

test('databases with one data directory have a file of heads each', async () => {
  const other = await createTestDatabase();
  try {
    await runStatement(other.url, 'update log_head set ledger = gen_random_uuid()');
    const ledgers = await Promise.all(
      [testDatabase, other].map(async ({ database, url }) => {
        const { ledger } = await readHead(database, null);
        const seed = "sha256(convert_to(ledger::text, 'UTF8'))";
        await runStatement(url, `update log_head set hash = ${seed}, commands_hash = ${seed}`);
        const server = await startProgram({
          DATABASE_URL: url,
          DAYBOOK_DATA_DIR: directory,
          DAYBOOK_HEADS_FILE: '',
        });
        await createLog(database, new Map()).append(batchOf(run('note-a', 0, 1)));
        expect(await server.end('SIGTERM')).toBe(0);
        return ledger;
      }),
    );
    expect(new Set(ledgers).size).toBe(2);
    const files = (await readdir(directory)).filter((name) => name.startsWith('heads'));
    expect(files.sort()).toEqual(ledgers.map((ledger) => `heads-${ledger}.jsonl`).sort());
    for (const { url } of [testDatabase, other]) {
      const { code, output } = await runProgram(['verify'], { ...environment, DATABASE_URL: url });
      expect(output).toMatch(/\d+ signed heads agree/);
      expect(code).toBe(0);
    }
  } finally {
    await other.dispose();
  }
}, 60_000);

const edit = (sequence: number) =>
  runStatement(
    testDatabase.url,
    `set session_replication_role = replica;
     update events set actor = 'eve' where sequence = ${sequence}`,
  );

/** Verifies up to a state that is saved, then ends the process as a crash does. */
async function verifyHalf(): Promise<number> {
  const file = path.join(directory, 'verify-state.json');
  // Each batch waits, and none is read before its turn: the check saves its state after 2 s.
  await runStatement(
    testDatabase.url,
    `do $$ begin
       execute format('alter database %I set enable_sort = off', current_database());
       execute format('alter database %I set enable_memoize = off', current_database());
     end $$;
     alter table command_batches rename to batches; create view command_batches as
     select batches.* from batches, lateral (select pg_sleep(0.02) where event_count > -1) as slowly;`,
  );
  const args = ['--enable-source-maps', 'dist/main.js', 'verify'];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  await until(() => existsSync(file) || child.exitCode !== null, 60_000);
  child.kill('SIGKILL');
  await ended;
  expect(child.exitCode).toBeNull();
  await runStatement(
    testDatabase.url,
    'drop view command_batches; alter table batches rename to command_batches;',
  );
  return JSON.parse(await readFile(file, 'utf8')).position.sequence;
}

test('a check that was killed continues, and finds what is wrong after that', async () => {
  await append(400);
  const reached = await verifyHalf();
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan(200_000);
  // What was read before is trusted; with --restart it is read again.
  await edit(7);
  const continued = await runProgram(['verify'], environment);
  expect(continued.output).toContain(`continuing after event ${reached}`);
  expect(continued.output).toMatch(/^verified 200000 events$/m);
  expect(continued.code).toBe(0);
  const again = await runProgram(['verify'], environment);
  expect(again.output).toContain('sequence 7: ');
  expect(again.code).toBe(1);
}, 180_000);

test('events are appended while the log is verified, and the check is of one moment', async () => {
  await append(100);
  const over = new AbortController();
  const appending = (async () => {
    while (!over.signal.aborted) await append(1);
  })();
  const results = [];
  for (let count = 0; count < 3; count += 1) {
    results.push(await runProgram(['verify'], environment));
  }
  over.abort();
  await appending;
  for (const { code, output } of results) {
    expect(output).toMatch(/^verified \d+00 events$/m);
    expect(code).toBe(0);
  }
}, 120_000);

test('the public key is that of the key file, which is made when it is absent', async () => {
  const first = await runProgram(['public-key'], environment);
  expect(first).toMatchObject({ code: 0, output: expect.stringMatching(/^[A-Za-z0-9+/]{43}=\n$/) });
  expect(await runProgram(['public-key'], environment)).toEqual(first);
  const { code, output } = await runProgram(['verify', '--public-key', 'nonsense'], environment);
  expect(output).toContain('is neither an Ed25519 public key nor its file');
  expect(code).toBe(2);
});
