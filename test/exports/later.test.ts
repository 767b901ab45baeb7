import { rename } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { batchOf, outcomeOf, run } from '../support/batches.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  tablesOf,
} from '../support/exports/exporting.ts';
import { runStatement } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let url: string;
let directory: string;
let log: ReturnType<typeof createLog>;
beforeEach(async () => {
  url = (await recordRichLog(undo, 30)).url;
  directory = await createFolder(undo);
  const database = createDatabase({ url, applicationName: 'later', log: silentLogger });
  undo.push(database.stop);
  log = createLog(database, new Map());
});

async function recordMore(stream: string): Promise<void> {
  await log.append(batchOf([], { outcomes: [outcomeOf(`${stream} without an event`)] }));
  for (let version = 0; version < 60; version += 2) {
    const outcomes = [outcomeOf(`${stream} ${version}`)];
    await log.append(batchOf(run(stream, version, 2), { outcomes }));
  }
  await log.append(batchOf([], { outcomes: [outcomeOf(`${stream} at the end`)] }));
}

test('an export into the same directory adds what has been recorded since', async () => {
  const first = await exportSmall(url, directory);
  await log.append(batchOf([], { outcomes: [outcomeOf('only an outcome')] }));
  const second = await exportSmall(url, directory);
  expect(second).toMatchObject({ files: 1, events: 0 });
  await recordMore('more-1');
  const third = await exportSmall(url, directory, { after: first.manifest.end.sequence });
  expect(third.events).toBe(60);
  const names = third.manifest.files.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 60_000);

test('exports after a sequence, each in its directory, are imported one after the other', async () => {
  const first = await exportSmall(url, directory);
  await recordMore('more-1');
  const later = await createFolder(undo);
  const { sequence } = first.manifest.end;
  const second = await exportSmall(url, later, { after: sequence });
  expect(second).toMatchObject({ events: 60, manifest: { start: { sequence } } });

  const target = await createBlankDatabase(undo);
  await expect(importAll(target, later)).rejects.toThrow(
    `the export begins after event ${sequence}, but the log of the database is another one: import the exports before it first`,
  );
  await importAll(target, directory);
  await importAll(target, later);
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
  await expect(importAll(target, later)).rejects.toThrow(
    `the export begins after event ${sequence}, but the log of the database ends at event ${sequence + 60}: import the exports before it first`,
  );
  expect(await tablesOf(target)).toEqual(await tablesOf(url));
}, 60_000);

test('an export is not added to a log that has gone on in another way', async () => {
  const first = await exportSmall(url, directory);
  await recordMore('more-1');
  const later = await createFolder(undo);
  await exportSmall(url, later, { after: first.manifest.end.sequence });
  const [other, read] = [await createBlankDatabase(undo), await createBlankDatabase(undo)];
  await importAll(other, directory);
  const database = createDatabase({ url: other, applicationName: 'later', log: silentLogger });
  undo.push(database.stop);
  await createLog(database, new Map()).append(batchOf([], { outcomes: [outcomeOf('other')] }));
  const before = await tablesOf(other);
  await expect(importAll(other, later)).rejects.toThrow(
    `the database has other commands after event ${first.manifest.end.sequence} than the export`,
  );

  expect(await tablesOf(other)).toEqual(before);
  await importAll(read, directory);
  await runStatement(read, 'select sequence_at_each(array[now()])');
  await expect(importAll(read, later)).rejects.toThrow(
    'the database has answered queries for moments of the export since its last import',
  );
}, 60_000);

test('an export does not begin in the middle of a batch, nor after the end of the log', async () => {
  const { sequence } = (await exportSmall(url, directory)).manifest.end;
  await recordMore('more-1');
  const other = await createFolder(undo);
  const [first, last] = [sequence + 1, sequence + 2];
  await expect(exportSmall(url, other, { after: first })).rejects.toThrow(
    `--after ${first}: events ${first} to ${last} were recorded together; use --after ${last}`,
  );
  await expect(exportSmall(url, other, { after: sequence + 61 })).rejects.toThrow(
    `--after ${sequence + 61}: the log ends at event ${sequence + 60}`,
  );
  await expect(exportSmall(url, directory, { after: last })).rejects.toThrow(
    `${directory} has the events 1 to ${sequence}, and --after ${last} would leave out or repeat some: leave --after away, or name another directory`,
  );
}, 60_000);

test('a directory with an export of another log, or without its manifest, is refused', async () => {
  const { manifest } = await exportSmall(url, directory);
  const other = await recordRichLog(undo, 20);
  await expect(exportSmall(other.url, directory)).rejects.toThrow(
    `of the ledger ${manifest.ledger}, but this database has the ledger `,
  );
  const file = path.join(directory, 'manifest.json');
  await rename(file, `${file}.old`);
  await expect(exportSmall(url, directory)).rejects.toThrow(
    /has (?:events|state)-\S+, but no manifest\.json: name another directory$/,
  );
  await rename(`${file}.old`, file);
  await expect(exportSmall(url, directory)).resolves.toMatchObject({ events: 0 });
}, 60_000);

test('a log that was restored to an earlier state is not added to its former export', async () => {
  const restored = await createBlankDatabase(undo);
  await exportSmall(url, directory);
  await importAll(restored, directory);
  await recordMore('more-1');
  const { sequence } = (await exportSmall(url, directory)).manifest.end;
  await expect(exportSmall(restored, directory)).rejects.toThrow(
    `the log is not the one that was exported up to event ${sequence}: it was restored to an earlier state; export it into another directory`,
  );
}, 60_000);

test('a log with an event that was changed by hand is not exported', async () => {
  const edit = `set session_replication_role = replica;
    update events set actor = 'x' where sequence = 9`;
  await runStatement(url, edit);
  await expect(exportSmall(url, directory)).rejects.toThrow(
    'the log of the database is damaged: event 9 was changed; daybook verify says more',
  );
}, 60_000);

test('an empty log is exported and imported', async () => {
  const [empty, target] = [await createBlankDatabase(undo), await createBlankDatabase(undo)];
  await migrate(empty);
  await exportSmall(empty, directory);
  await importAll(target, directory);
  expect(await tablesOf(target)).toEqual(await tablesOf(empty));
}, 60_000);
