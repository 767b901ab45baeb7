import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { readManifest } from '../../src/exports/manifest.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { createLog } from '../../src/log/log.ts';
import { copyOut } from '../../src/postgres/copy-out.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { editLines } from '../support/exports/damage.ts';
import { createFolder, recordRichLog } from '../support/exports/exporting.ts';
import { mountSmallDisk, smallDiskFault } from '../support/exports/small-disk.ts';
import { countOf, countWaiting, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let url: string;
let directory: string;
let database: Database;
let head: number;
let events: string;
beforeEach(async () => {
  ({ url } = await recordRichLog(undo, 60));
  directory = await createFolder(undo);
  database = createDatabase({ url, applicationName: 'test', log: silentLogger });
  undo.push(database.stop);
  // A bridge that nobody runs would keep everything after its checkpoint.
  await sql(database, 'delete from bridges');
  // A consumer that was stopped early has not saved how far it had come.
  await sql(database, 'update consumers set checkpoint = (select sequence from log_head)');
  head = await countOf(database, 'events');
  events = await eventsOf();
});

async function eventsOf(): Promise<string> {
  const chunks: Buffer[] = [];
  const statement = 'copy (select * from events order by sequence) to stdout';
  for await (const chunk of copyOut(url, statement)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** What says how much is archived, and the tables that are not part of the log. */
async function stateOf() {
  const [row] = await sql<object>(
    database,
    `select archived_through as through, (select min(sequence) from events) as first,
       (select count(*) from archived_ranges) as ranges,
       (select count(*) from pg_class where relname like 'archive_draft_%' and relkind = 'r')
         as drafts
     from log_head`,
  );
  return row;
}

const whole = { through: 0, first: 1, ranges: 0, drafts: 0 };

function startChild(mode: string, sequence: number, step: string, nth: number): ChildProcess {
  const script = path.resolve(import.meta.dirname, '../support/archive/killed-child.ts');
  const given = [mode, url, directory, String(sequence), step, String(nth)];
  const args = ['--import', 'tsx', script, ...given];
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Archives or restores in a process that kills itself at the n-th sign of a step. */
async function kill(mode: string, sequence: number, step: string, nth: number): Promise<void> {
  const [, signal] = await once(startChild(mode, sequence, step, nth), 'close');
  expect(signal).toBe('SIGKILL');
}

test.each([
  ['exporting', 2],
  ['checking', 2],
  ['snapshots', 1],
] as const)(
  'an archive that is killed while %s changes nothing, and is repeated',
  async (step, nth) => {
    const cut = Math.floor(head / 2);
    await kill('archive', cut, step, nth);
    expect(await stateOf()).toEqual(whole);
    expect(await eventsOf()).toBe(events);
    const { moved } = await archiveSmall(url, directory, cut);
    expect(await stateOf()).toMatchObject({ through: moved?.last, ranges: 1, drafts: 0 });
    expect(await countOf(database, 'events')).toBe(head - (moved?.last ?? 0));
    await restoreAll(url, directory);
    expect(await eventsOf()).toBe(events);
  },
);

test('an archive that is killed while it waits for a reader leaves the log as it was', async () => {
  const cut = Math.floor(head / 2);
  await database.withTransaction(async (executor) => {
    await sql(executor, 'select from events limit 1');
    const child = startChild('archive', cut, 'none', 1);
    await until(
      async () => (await countWaiting(database, 'lock table events')) > 0,
      60_000,
      stateOf,
    );
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  expect(await stateOf()).toEqual({ ...whole, drafts: 1 });
  expect(await eventsOf()).toBe(events);
  const { moved } = await archiveSmall(url, directory, cut);
  expect(await stateOf()).toMatchObject({ through: moved?.last, drafts: 0 });
});

test('a restore that is killed leaves the range archived, and is repeated', async () => {
  const { moved } = await archiveSmall(url, directory, Math.floor(head / 2));
  await kill('restore', 0, 'fetching back', 2);
  expect(await stateOf()).toMatchObject({ through: moved?.last, ranges: 1 });
  await restoreAll(url, directory);
  expect(await stateOf()).toEqual(whole);
  expect(await eventsOf()).toBe(events);
});

test('one of two operators archives, and the other one is refused', async () => {
  const cut = Math.floor(head / 2);
  const results = await Promise.allSettled([
    archiveSmall(url, directory, cut),
    archiveSmall(url, directory, cut),
    restoreAll(url, directory),
  ]);
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  expect(failed.length).toBeGreaterThan(0);
  for (const error of failed) expect(error).toMatchObject({ code: 'BUSY' });
  await archiveSmall(url, directory, cut);
  expect(await stateOf()).toMatchObject({ ranges: 1, drafts: 0 });
});

test('a file that was edited before it is checked stops the archive', async () => {
  const cut = Math.floor(head / 2);
  await kill('archive', cut, 'checking', 1);
  const manifest = await readManifest(directory);
  await editLines(directory, manifest?.files[1]?.name ?? '', edited);
  await expect(archiveSmall(url, directory, cut)).rejects.toMatchObject({ code: 'DAMAGED' });
  expect(await stateOf()).toEqual(whole);
  expect(await eventsOf()).toBe(events);
});

/** The lines with one character of each changed. */
const edited = (lines: readonly string[]) =>
  lines.map((line) => line.replace('"actor":"operator"', '"actor":"operatoR"'));

test('a restore from an edited, truncated or missing file is refused', async () => {
  const { moved } = await archiveSmall(url, directory, Math.floor(head / 2));
  const manifest = await readManifest(directory);
  const name = manifest?.files[1]?.name ?? '';
  const state = { through: moved?.last, first: (moved?.last ?? 0) + 1, ranges: 1 };
  await editLines(directory, name, edited);
  await expect(restoreAll(url, directory)).rejects.toMatchObject({ code: 'DAMAGED' });
  await writeFile(path.join(directory, name), '');
  await expect(restoreAll(url, directory)).rejects.toMatchObject({ code: 'DAMAGED' });
  await rm(path.join(directory, name));
  await expect(restoreAll(url, directory)).rejects.toMatchObject({ code: 'DAMAGED' });
  expect(await stateOf()).toMatchObject(state);
});

const fault = smallDiskFault();
const fullDisk = titleWith('a full disk stops the archive, and nothing is removed', fault);
test.skipIf(fault !== null)(fullDisk, async () => {
  const disk = mountSmallDisk(1);
  undo.push(disk.dispose);
  disk.fill(8_192);
  const archiving = archiveSmall(url, disk.directory, Math.floor(head / 2));
  await expect(archiving).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await stateOf()).toEqual(whole);
  disk.clear();
  expect((await archiveSmall(url, disk.directory, Math.floor(head / 2))).moved).not.toBeNull();
});

test('nothing is archived that a reader still needs', async () => {
  await sql(
    database,
    `insert into bridges (name, kind, direction, checkpoint, begins_after)
     values ('slow', 'nats', 'OUT', 30, 0)`,
  );
  const slow = await archiveSmall(url, directory, head);
  expect(slow.moved?.last).toBeLessThan(30);
  expect(slow.reason).toBe('the bridge slow is at event 30, and that one is still needed');
  const again = await archiveSmall(url, directory, head);
  expect(again).toMatchObject({ moved: null, reason: slow.reason });
  await sql(database, 'delete from bridges');
  const rest = await archiveSmall(url, directory, head * 2);
  expect(rest.moved?.last).toBeLessThan(head);
});

test('a reader that begins while events are exported stops the archive', async () => {
  const log = createLog(database, eventDefinitionsOf(modules.map(({ context }) => context)));
  // As a rebuild does, with a copy that begins at the first event.
  const begin = `insert into views (name, version) values ('accounts (copy)', 99)`;
  const writeSnapshots: typeof log.writeSnapshots = async (snapshots) => {
    await log.writeSnapshots(snapshots);
    await sql(database, `${begin} on conflict do nothing`);
  };
  const cut = Math.floor(head / 2);
  const archiving = archiveSmall(url, directory, cut, { log: { ...log, writeSnapshots } });
  await expect(archiving).rejects.toMatchObject({
    code: 'BUSY',
    message:
      'the view accounts (copy) is at event 0, and that one is still needed: nothing was moved, ' +
      'run the same command again later',
  });
  expect(await stateOf()).toMatchObject({ ...whole, drafts: 1 });
  expect(await eventsOf()).toBe(events);
  await sql(database, 'delete from views where version = 99');
  expect((await archiveSmall(url, directory, cut)).moved?.first).toBe(1);
});

test('a part of the log that gets no more events is frozen once', async () => {
  await sql(database, 'select add_events_partition(10000001, 20000001)');
  await archiveSmall(url, directory, Math.floor(head / 2));
  await restoreAll(url, directory);
  await sql(database, 'alter table events_1 reset (autovacuum_enabled)');
  for (let count = 0; count < 100; count += 1) await sql(database, 'select pg_current_xact_id()');
  expect(await archiveSmall(url, directory, 0)).toMatchObject({ moved: null, frozen: 1 });
  expect(await archiveSmall(url, directory, 0)).toMatchObject({ moved: null, frozen: 0 });
  const rows = await sql<{ readonly name: string; readonly isFrozen: boolean }>(
    database,
    `select relname as name, pg_current_xact_id()::xid::text::bigint
         - relfrozenxid::text::bigint < 50 and reloptions @> array['autovacuum_enabled=false']
         as "isFrozen"
     from pg_class join pg_inherits on inhrelid = oid
     where inhparent = 'events'::regclass order by 1`,
  );
  expect(rows[0]).toEqual({ name: 'events_1', isFrozen: true });
  expect(rows.slice(1).map(({ isFrozen }) => isFrozen)).not.toContain(true);
});
