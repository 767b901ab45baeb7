import { statSync } from 'node:fs';
import { afterEach, expect, inject, test } from 'vitest';
import { readManifest } from '../../src/exports/manifest.ts';
import { withCopyConnection } from '../../src/postgres/copy-out.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  tablesOf,
} from '../support/exports/exporting.ts';
import { mountSmallDisk, smallDiskFault } from '../support/exports/small-disk.ts';
import { runStatement } from '../support/postgres.ts';
import { titleWith } from '../support/skipped.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const fault = smallDiskFault();

test.skipIf(fault !== null)(
  titleWith('an export that fills the disk says so, and continues once there is space', fault),
  async () => {
    const { url } = await recordRichLog(undo);
    const disk = mountSmallDisk(4);
    undo.push(disk.dispose);
    disk.fill(96 * 1024);
    const limits = { events: 50, characters: 1_000_000 };
    await expect(exportSmall(url, disk.directory, { limits })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(
        /^the disk is full: \S+ cannot be written: free space, then run the same command again to continue$/,
      ),
    });
    const written = (await readManifest(disk.directory))?.files ?? [];
    expect(written.length).toBeGreaterThan(0);
    disk.clear();
    const { files, manifest } = await exportSmall(url, disk.directory, { limits });
    expect(files).toBe(manifest.files.length - written.length);
    const target = await createBlankDatabase(undo);
    await importAll(target, disk.directory);
    expect(await tablesOf(target)).toEqual(await tablesOf(url));
  },
  60_000,
);

/** The user as which the server of the tests runs. */
async function serverUser(): Promise<number> {
  const [row] = await withCopyConnection(inject('postgres').url, ({ query }) =>
    query<{ directory: string }>({
      name: 'data_directory',
      text: `select current_setting('data_directory') as directory`,
    }),
  );
  return statSync(row?.directory ?? '').uid;
}

test.skipIf(fault !== null)(
  titleWith('an import that fills the disk of the database says so, and continues later', fault),
  async () => {
    const { url } = await recordRichLog(undo);
    const directory = await createFolder(undo);
    await exportSmall(url, directory);
    const disk = mountSmallDisk(64, await serverUser());
    undo.push(disk.dispose);
    const server = inject('postgres').url;
    const space = `small_${process.pid}`;
    await runStatement(server, `create tablespace ${space} location '${disk.directory}'`);
    undo.push(() => runStatement(server, `drop tablespace ${space}`));
    const target = await createBlankDatabase(undo, `template template0 tablespace ${space}`);
    await migrate(target);
    disk.fill(300 * 1024);
    await expect(importAll(target, directory)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message:
        'the disk of the database is full: free space, then run the same command again to continue',
    });
    disk.clear();
    await importAll(target, directory);
    expect(await tablesOf(target)).toEqual(await tablesOf(url));
  },
  60_000,
);
