import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readManifest } from '../../src/exports/manifest.ts';
import { withCopyConnection } from '../../src/postgres/copy-out.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  tablesOf,
} from '../support/exports/exporting.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let url: string;
let directory: string;
beforeEach(async () => {
  url = (await recordRichLog(undo, 150)).url;
  directory = await createFolder(undo);
});

/** Runs an export or import that kills itself; returns whether it was killed before its end. */
async function isKilled(mode: string, database: string, killAt: number): Promise<boolean> {
  const script = path.resolve(import.meta.dirname, '../support/exports/killed-child.ts');
  const args = ['--import', 'tsx', script, mode, database, directory, String(killAt)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(code === 0 || signal === 'SIGKILL').toBe(true);
  return signal === 'SIGKILL';
}

test('an export that is killed again and again continues after its last file', async () => {
  let kills = 0;
  let files = 0;
  await writeFile(path.join(directory, '.draft-events-000000000001.jsonl.gz'), 'cut');
  // A file has at most two signs.
  while (await isKilled('export', url, 3)) {
    kills += 1;
    const manifest = await readManifest(directory);
    expect(manifest?.files.length).toBeGreaterThan(files);
    expect(manifest?.state).toBeNull();
    files = manifest?.files.length ?? 0;
  }
  expect(kills).toBeGreaterThan(1);
  expect((await readdir(directory)).filter((name) => name.startsWith('.draft-'))).toEqual([]);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 90_000);

test('an import that is killed again and again continues after its last file', async () => {
  await exportSmall(url, directory, { limits: { events: 100, characters: 1_000_000 } });
  const target = await createBlankDatabase(undo);
  let kills = 0;
  const ends: number[] = [];
  while (await isKilled('import', target, 12)) {
    kills += 1;
    await withCopyConnection(target, async ({ query }) => {
      const text = `select sequence, (select max(sequence) from events) as last,
        (select count(*) from log_head) as heads from log_import`;
      type Row = { readonly sequence: number; readonly last: number; readonly heads: number };
      const [row] = await query<Row>({ name: 'import_state', text });
      // What the killed transaction had stored is not there.
      expect(row?.last).toBe(row?.sequence);
      expect(row?.heads ?? 0).toBe(0);
      ends.push(row?.sequence ?? 0);
    });
  }
  expect(kills).toBeGreaterThan(2);
  expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 90_000);

test('a log that is exported in part can be imported, without what follows', async () => {
  expect(await isKilled('export', url, 3)).toBe(true);
  const manifest = await readManifest(directory);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  const [found, source] = [await tablesOf(target), await tablesOf(url)];
  expect(manifest?.end.sequence).toBeGreaterThan(0);
  expect(source['events']?.startsWith(found['events'] ?? '-')).toBe(true);
  expect(found['events']?.split('\n')).toHaveLength((manifest?.end.sequence ?? 0) + 1);
}, 60_000);

test('of two exports to one directory at once, one is refused', async () => {
  const results = await Promise.allSettled([1, 2].map(() => exportSmall(url, directory)));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.map(({ reason }) => reason.message)).toEqual([
    `another export writes to ${directory}: wait for it, or name another directory`,
  ]);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 60_000);

test('of two imports into one database at once, one is refused', async () => {
  await exportSmall(url, directory);
  const target = await createBlankDatabase(undo);
  const results = await Promise.allSettled([1, 2].map(() => importAll(target, directory)));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.map(({ reason }) => reason.message)).toEqual([
    'another import into this database is running: wait for it',
  ]);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 60_000);

test('an export and an import that are interrupted by a signal continue later', async () => {
  const abort = new AbortController();
  const interrupted = { code: 'INTERRUPTED' };
  const stop = { signal: abort.signal, onProgress: () => abort.abort() };
  await expect(exportSmall(url, directory, stop)).rejects.toMatchObject(interrupted);
  await exportSmall(url, directory);
  const target = await createBlankDatabase(undo);
  await expect(importAll(target, directory, AbortSignal.abort())).rejects.toMatchObject(
    interrupted,
  );
  await importAll(target, directory);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 60_000);
