import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { createDatabase } from '../src/postgres/database.ts';
import {
  createBlankDatabase,
  createFolder,
  recordRichLog,
  tablesOf,
} from './support/exports/exporting.ts';
import { newMasterKey, testMasterKey } from './support/master-keys.ts';
import { runProgram, startProgram } from './support/program.ts';
import { startTestServer } from './support/server.ts';
import { silentLogger } from './support/silent-logger.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const root = path.resolve(import.meta.dirname, '..');

/** The commands of the page, with a program that is built already. */
async function readCommands(): Promise<string> {
  const page = await readFile(path.join(root, 'docs/recovery.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  const script = blocks.join('\n');
  const definition = 'daybook() { npm run --silent daybook -- "$@"; }\n';
  expect(script.startsWith(definition)).toBe(true);
  const built = `daybook() { '${process.execPath}' '${root}/dist/main.js' "$@"; }\n`;
  return `set -e\n${built}${script.slice(definition.length)}`;
}

/** Lets the views reach the end of the log. */
async function buildViews(url: string): Promise<void> {
  const pool = createDatabase({ url, applicationName: 'views', log: silentLogger });
  const server = await startTestServer(url, pool);
  const { sequence } = await server.engine.log.head();
  expect(await server.engine.views.waitFor(sequence, 20_000)).toBe(true);
  await server.stop();
  await pool.stop();
}

test('the commands of docs/recovery.md do what it says', async () => {
  const { url } = await recordRichLog(undo, 30);
  await buildViews(url);
  const [folder, target] = [await createFolder(undo), await createBlankDatabase(undo)];
  const { stdout } = await promisify(execFile)('bash', ['-c', await readCommands()], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: url, NEW_DATABASE_URL: target, TMPDIR: folder },
  });
  const [exported, imported] = stdout.split('\n');
  expect(exported).toMatch(/^exported \d+ events in 1 files; backup has the events 1 to \d+$/);
  expect(imported).toMatch(/^imported the events 1 to \d+; the chain is whole$/);
  expect(stdout).toMatch(/^drill: ok$/m);
  expect(stdout).toMatch(/^exported \d+ rows of events as of event \d+ to events\.parquet$/m);
  expect(stdout).toMatch(/^exported \d rows of accounts as of event 3 to accounts\.parquet$/m);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
  expect((await readdir(folder)).sort()).toEqual(['accounts.parquet', 'backup', 'events.parquet']);
}, 120_000);

test('with another master key, a restored log is not served, and is as it was', async () => {
  const { url } = await recordRichLog(undo, 30);
  const [folder, target] = [await createFolder(undo), await createBlankDatabase(undo)];
  const command = { DATABASE_URL: url };
  expect((await runProgram(['export', '--out', folder], command)).code).toBe(0);
  const onTarget = { DATABASE_URL: target, LOG_LEVEL: 'error' };
  expect((await runProgram(['import', '--in', folder], onTarget)).code).toBe(0);
  // The first start makes a key of the log.
  const first = await startProgram({ ...onTarget, DAYBOOK_MASTER_KEY: testMasterKey });
  await first.end('SIGTERM');
  const before = await tablesOf(target);
  const wrong = { ...onTarget, DAYBOOK_MASTER_KEY: newMasterKey() };
  const { code, output } = await runProgram(['serve'], wrong);
  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringMatching(/^daybook: .*master key.*\n$/),
  });
  expect(await tablesOf(target)).toEqual(before);
}, 90_000);
