import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import { readHead } from '../../src/proof/head-row.ts';
import { readHeadsFile } from '../../src/proof/heads-file.ts';
import { createSigner } from '../../src/proof/signer.ts';
import { readSigningKey } from '../../src/signing-key-file.ts';
import { batchOf, run } from '../support/batches.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { newSigningKey } from '../support/proof-log.ts';
import { until } from '../support/until.ts';

const key = newSigningKey();
let testDatabase: TestDatabase;
let directory: string;
let headsFile: string;
let errors: { readonly fields: object; readonly message: string }[];
let version: number;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-signer-'));
  headsFile = path.join(directory, 'data', 'heads.jsonl');
  errors = [];
  version = 0;
});
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  await testDatabase.dispose();
  await rm(directory, { recursive: true });
});

function start(readKey = async () => key, file = headsFile, signMs = 0) {
  const note = (fields: object, message: string) => errors.push({ fields, message });
  const logger = { debug() {}, info() {}, warn() {}, error: note };
  const { database } = testDatabase;
  const times = { lookMs: 5, signMs };
  const signer = createSigner({ database, logger, headsFile: () => file, readKey, times });
  signer.start();
  undo.push(signer.stop);
  return signer;
}

async function append(count: number): Promise<void> {
  await createLog(testDatabase.database, new Map()).append(batchOf(run('note-a', version, count)));
  version += count;
}

async function heads(file = headsFile) {
  const { ledger } = await readHead(testDatabase.database, null);
  return readHeadsFile(file, { ledger, trusted: [key.publicKey] });
}

async function linesOf(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
}

test('a head is signed whenever the log has grown, and when the signer stops', async () => {
  const signer = start();
  await append(2);
  await until(async () => (await linesOf(headsFile)).length === 1);
  await append(3);
  await until(() => signer.state().sequence === 5);
  await signer.stop();
  expect((await heads()).map(({ sequence }) => sequence)).toEqual([2, 5]);
  expect(signer.state().line).toBe((await linesOf(headsFile)).at(-1));
  expect(errors).toEqual([]);
});

test('the first head of a new log is signed without waiting, and the next one is not', async () => {
  const signer = start(async () => key, headsFile, 3_600_000);
  // Long enough for some looks at the empty log.
  await pause(100);
  await append(2);
  await until(() => signer.state().sequence === 2);
  await append(3);
  await pause(100);
  expect(await linesOf(headsFile)).toHaveLength(1);
});

test('a log that has not grown is not signed again, also after a restart', async () => {
  await append(1);
  await start().stop();
  await start().stop();
  expect(await heads()).toHaveLength(1);
});

test('several servers that write to one file sign what is signed already at most once', async () => {
  const file = path.join(directory, 'other.jsonl');
  const signers = [start(), start(), start(undefined, file)];
  for (let count = 0; count < 10; count += 1) await append(1);
  await Promise.all(signers.map((signer) => signer.stop()));
  expect((await heads()).at(-1)?.sequence).toBe(10);
  expect((await heads(file)).at(-1)?.sequence).toBe(10);
  expect(errors).toEqual([]);
});

test('a line that was not written to its end is cut off', async () => {
  await append(1);
  await start().stop();
  await appendFile(headsFile, '{"format":"daybook-head-1","led');
  await append(1);
  await start().stop();
  expect((await heads()).map(({ sequence }) => sequence)).toEqual([1, 2]);
});

/** Takes the last event out of the log without a trace. */
const cutTail = `set session_replication_role = replica;
  delete from events where sequence = 2;
  delete from command_batches where first_sequence = 2;
  update log_head set sequence = 1, hash = (select hash from events where sequence = 1),
    commands_hash = (select hash from command_batches);`;

async function cut(): Promise<void> {
  await append(1);
  await append(1);
  await start().stop();
  await runStatement(testDatabase.url, cutTail);
  version = 1;
  await append(2);
}

test('a log that lacks what was signed is not signed until the file is moved away', async () => {
  await cut();
  const signer = start();
  await until(() => signer.state().fault !== null);
  expect(signer.state().fault).toMatch(/^the log lacks what was signed at .* for sequence 2: run/);
  expect(await linesOf(headsFile)).toHaveLength(1);
  expect(errors).toHaveLength(1);
  await rename(headsFile, `${headsFile}.old`);
  // The file has the line a moment before the signer knows that it was written.
  await until(() => signer.state().fault === null);
  expect(signer.state().sequence).toBe(3);
  expect(await linesOf(headsFile)).toHaveLength(1);
});

test('a log that lacks what was signed in an earlier epoch is signed, with an error', async () => {
  await cut();
  await runStatement(testDatabase.url, 'update log_head set epoch = epoch + 1');
  const signer = start();
  await until(async () => (await linesOf(headsFile)).length === 2);
  expect(signer.state().fault).toBeNull();
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringContaining('in another epoch'),
  ]);
});

test('heads of another log are left alone', async () => {
  await append(1);
  await start().stop();
  const before = await linesOf(headsFile);
  await runStatement(testDatabase.url, 'update log_head set ledger = gen_random_uuid()');
  await append(1);
  const signer = start();
  await until(() => signer.state().fault !== null);
  expect(signer.state().fault).toContain('has heads of another log');
  expect(await linesOf(headsFile)).toEqual(before);
});

test('a file that cannot be written is logged once, and appends go on', async () => {
  await writeFile(path.join(directory, 'data'), 'a file where the directory should be');
  const signer = start();
  await append(1);
  await until(() => signer.state().fault !== null);
  await append(1);
  await signer.stop();
  expect(errors).toHaveLength(1);
});

test('the key is created once, for its owner alone', async () => {
  const file = path.join(directory, 'keys', 'signing-key.pem');
  const keys = await Promise.all([1, 2, 3].map(() => readSigningKey(file)));
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await writeFile(file, 'nonsense');
  await expect(readSigningKey(file)).rejects.toThrow(/cannot be used .*set DAYBOOK_SIGNING_KEY/);
});
