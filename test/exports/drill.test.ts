import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DrillReport } from '../../src/exports/drill/run-drill.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { editLines } from '../support/exports/damage.ts';
import {
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  toSend,
} from '../support/exports/exporting.ts';
import {
  installedPostgresFault,
  startInstalledPostgres,
} from '../support/exports/installed-postgres.ts';
import { createOwner } from '../support/people.ts';
import { runProgram } from '../support/program.ts';
import { sql } from '../support/rows.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const whole: (() => unknown)[] = [];
const undo: (() => unknown)[] = [];
let url: string;
let database: Database;
let temporary: string;
let directory: string;
let send: ReturnType<typeof toSend>;

async function runAll(steps: (() => unknown)[]): Promise<void> {
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
}
beforeAll(async () => {
  url = (await recordRichLog(whole, 60)).url;
  database = createDatabase({ url, applicationName: 'drilled', log: silentLogger });
  whole.push(database.stop);
  const server = await startTestServer(url, database);
  whole.push(server.stop);
  send = toSend(server.url);
  [temporary, directory] = [await createFolder(whole), await createFolder(whole)];
  await exportSmall(url, directory);
}, 60_000);
afterEach(async () => {
  await runAll(undo);
  // Nothing of a drill remains, whatever has become of it.
  expect(await readdir(temporary)).toEqual([]);
});
afterAll(() => runAll(whole));

const drill = (...args: readonly string[]) => drillOf(url, ...args);

async function drillOf(live: string, ...args: readonly string[]) {
  const environment = { DATABASE_URL: live, TMPDIR: temporary, LOG_LEVEL: 'error' };
  const { code, output } = await runProgram(['drill', '--json', ...args], environment);
  const line = output.split('\n').find((each) => each.startsWith('{')) ?? '{}';
  return { code, output, report: JSON.parse(line) as DrillReport };
}

const failedIn = ({ steps }: DrillReport) => steps.filter(({ ok }) => !ok);

test('a drill makes an export, restores it, and finds that all views are equal', async () => {
  const { code, report } = await drill();
  expect(failedIn(report)).toEqual([]);
  expect(code).toBe(0);
  expect(report.steps.map(({ name }) => name).slice(0, 5)).toEqual([
    'export',
    'restore',
    'verify the chain',
    'rebuild the views',
    'compare the log',
  ]);
  expect(report.steps.some(({ name }) => name === 'compare orders')).toBe(true);
  expect(report.lost).toEqual(expect.objectContaining({ events: 0, seconds: 0 }));
  expect(report.recoverySeconds).toBeGreaterThan(0);
}, 90_000);

test('a drill of an earlier export says what would have been lost, and prints a table', async () => {
  const [before] = await sql<{ sequence: number }>(database, 'select sequence from log_head');
  const { manifest } = await exportSmall(url, await createFolder(undo));
  await createOwner({ send });
  const { code, report } = await drill('--from', directory);
  expect(code).toBe(0);
  const [head] = await sql<{ sequence: number }>(database, 'select sequence from log_head');
  const restored = report.restored?.sequence ?? 0;
  expect(restored).toBeLessThanOrEqual(before?.sequence ?? 0);
  expect(report.lost).toMatchObject({ from: restored + 1, to: head?.sequence });
  expect(report.lost?.events).toBe((head?.sequence ?? 0) - restored);
  expect(report.lost?.events).toBeGreaterThan(5);
  expect(report.lost?.seconds).toBeGreaterThan(0);
  expect(manifest.end.sequence).toBeGreaterThanOrEqual(restored);

  const environment = { DATABASE_URL: url, TMPDIR: temporary };
  const { output } = await runProgram(['drill', '--from', directory], environment);
  expect(output).toMatch(/^restore {2,}\d+\.\d s {2}ok$/m);
  expect(output).toMatch(/^restored: everything up to event \d+ of \S+ \S+$/m);
  expect(output).toMatch(/^would have been lost: \d+ events, \d+ to \d+ \(\d+\.\d s\)$/m);
  expect(output).toMatch(/^recovery takes \d+\.\d s\ndrill: ok$/m);
}, 90_000);

test('a drill with a damaged export fails, and so does its exit code', async () => {
  const damaged = await createFolder(undo);
  const { manifest } = await exportSmall(url, damaged);
  const name = manifest.files[1]?.name ?? '';
  await editLines(damaged, name, (lines) =>
    lines.map((line) => line.replace('"actor":"operator"', '"actor":"operetta"')),
  );
  const { code, report } = await drill('--from', damaged);
  expect(code).toBe(1);
  expect(report.ok).toBe(false);
  expect(failedIn(report)).toEqual([
    expect.objectContaining({
      name: 'restore',
      fault: expect.stringMatching(/^events-\d+\.jsonl\.gz, line \d+: event \d+ was changed$/),
    }),
  ]);
}, 60_000);

test('a drill finds a document of a live view that does not follow from the log', async () => {
  const place = `from views where views.id = view_id and name = 'accounts'
    and (key, sequence) = (select key, sequence from view_documents as d
      where d.view_id = view_documents.view_id order by sequence, key limit 1)`;
  const change = `update view_documents set document = $1::json ${place} returning 1`;
  const [before] = await sql<{ document: string }>(
    database,
    `select document::text from view_documents, views where views.id = view_id
       and name = 'accounts' order by sequence, key limit 1`,
  );
  expect(await sql(database, change, ['{"balance":"1000000.00"}'])).toHaveLength(1);
  undo.push(() => sql(database, change, [before?.document]));
  const { code, report } = await drill('--from', directory);
  expect(code).toBe(1);
  expect(failedIn(report)).toEqual([
    expect.objectContaining({
      name: 'compare accounts',
      fault: expect.stringMatching(/^the view accounts differs at event \d+: live /),
    }),
  ]);
}, 60_000);

test('a drill with the backup of another log fails', async () => {
  const other = await createFolder(undo);
  const foreign = await recordRichLog(undo, 20);
  await exportSmall(foreign.url, other);
  const { code, report } = await drill('--from', other);
  expect(code).toBe(1);
  expect(failedIn(report)).toEqual([
    expect.objectContaining({
      name: 'compare the log',
      fault: expect.stringMatching(/^the backup is of the ledger \S+, not of \S+$/),
    }),
  ]);
}, 60_000);

test('what a killed drill has left behind is removed by the next one', async () => {
  const main = path.resolve(import.meta.dirname, '../../dist/main.js');
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, [${JSON.stringify(main)}, 'drill'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (text) => { if (String(text).includes('restore')) child.kill('SIGKILL'); });
    child.on('close', (_code, signal) => process.stdout.write(String(signal)));`;
  const env = { ...process.env, DATABASE_URL: url, TMPDIR: temporary };
  expect(execFileSync(process.execPath, ['-e', script], { env }).toString()).toBe('SIGKILL');
  expect((await readdir(temporary)).join()).toMatch(/^daybook-drill-\d+-/);
  expect((await drill('--from', directory)).code).toBe(0);
  await until(async () => (await readdir(temporary)).length === 0);
}, 90_000);

const fault = installedPostgresFault();

test.skipIf(fault !== null)(
  titleWith('a drill restores dumps of an older PostgreSQL, with either form of file', fault),
  async () => {
    const old = await startInstalledPostgres();
    undo.push(old.stop);
    await importAll(old.url, directory);
    const pool = createDatabase({ url: old.url, applicationName: 'old', log: silentLogger });
    const server = await startTestServer(old.url, pool);
    await server.stop();
    await pool.stop();
    for (const format of ['plain', 'custom']) {
      const file = path.join(await createFolder(undo), 'dump');
      old.dump(format, file);
      const { code, report } = await drillOf(old.url, '--dump', file);
      expect(failedIn(report)).toEqual([]);
      expect(code).toBe(0);
      expect(report.lost).toMatchObject({ events: 0 });
    }
    const file = path.join(await createFolder(undo), 'dump.sql');
    await writeFile(file, 'select 1;\nselect * from nothing;\n');
    const { code, report } = await drillOf(old.url, '--dump', file);
    expect(code).toBe(1);
    expect(failedIn(report)).toEqual([
      expect.objectContaining({
        name: 'restore',
        fault: expect.stringMatching(/^psql failed: .*relation "nothing" does not exist$/),
      }),
    ]);
  },
  120_000,
);
