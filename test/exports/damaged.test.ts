import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withCopyConnection } from '../../src/postgres/copy-out.ts';
import { editLines, editManifest, replaceBytes } from '../support/exports/damage.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  tablesOf,
} from '../support/exports/exporting.ts';
import { runProgram } from '../support/program.ts';

const whole: (() => unknown)[] = [];
const undo: (() => unknown)[] = [];
let good: string;
let names: readonly string[];
let tables: Readonly<Record<string, string>>;

async function runAll(steps: (() => unknown)[]): Promise<void> {
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
}
afterEach(() => runAll(undo));
afterAll(() => runAll(whole));
beforeAll(async () => {
  const { url } = await recordRichLog(whole, 60);
  good = await createFolder(whole);
  const { manifest } = await exportSmall(url, good);
  names = manifest.files.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(3);
  tables = await tablesOf(url);
}, 60_000);

const second = (): string => names[1] ?? '';
const third = (): string => names[2] ?? '';
const inFolder = (directory: string, name: string): string => path.join(directory, name);

type Damage = (directory: string) => Promise<unknown>;

async function flipByte(directory: string, name: string): Promise<void> {
  const bytes = await readFile(inFolder(directory, name));
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  await writeFile(inFolder(directory, name), bytes);
}

async function swap(directory: string): Promise<void> {
  await rename(inFolder(directory, second()), inFolder(directory, 'other'));
  await rename(inFolder(directory, third()), inFolder(directory, second()));
  await rename(inFolder(directory, 'other'), inFolder(directory, third()));
}

/** Changes the first line of a kind. */
function change(kind: string, from: RegExp, to: string): Damage {
  return (directory) =>
    editLines(directory, second(), (lines) => {
      const at = lines.findIndex((line) => line.startsWith(`{"kind":"${kind}"`) && from.test(line));
      expect(at).toBeGreaterThan(0);
      return lines.map((line, index) => (index === at ? line.replace(from, to) : line));
    });
}

async function putForeign(directory: string): Promise<void> {
  const other = await recordRichLog(undo, 30);
  const folder = await createFolder(undo);
  const { manifest } = await exportSmall(other.url, folder);
  const [, file] = manifest.files;
  const bytes = await readFile(inFolder(folder, file?.name ?? ''));
  await replaceBytes(directory, second(), bytes);
}

async function dropLast(directory: string): Promise<void> {
  await editManifest(directory, (manifest) => {
    const files = manifest.files.slice(0, -1);
    return { ...manifest, files, end: files.at(-1)?.end };
  });
}

const damages: readonly (readonly [how: string, damage: Damage, message: RegExp])[] = [
  [
    'cut',
    (directory) => truncate(inFolder(directory, second()), 1_000),
    /^events-\d+\.jsonl\.gz is damaged: it has 1000 bytes instead of \d+$/,
  ],
  [
    'changed by a byte',
    (directory) => flipByte(directory, second()),
    /^events-\d+\.jsonl\.gz is damaged: its SHA-256 is not the one in manifest\.json$/,
  ],
  [
    'missing',
    (directory) => rm(inFolder(directory, second())),
    /^events-\d+\.jsonl\.gz is missing in /,
  ],
  ['swapped with another', swap, /^events-\d+\.jsonl\.gz is damaged: it has \d+ bytes instead/],
  [
    'of another log',
    putForeign,
    /^events-\d+\.jsonl\.gz is of another log: it has events of the ledger [-0-9a-f]{36}$/,
  ],
  [
    'cut, and the manifest with it',
    async (directory) => {
      const bytes = await readFile(inFolder(directory, second()));
      await replaceBytes(directory, second(), bytes.subarray(0, 3_000));
    },
    /^events-\d+\.jsonl\.gz is damaged: unexpected end of file$/,
  ],
  [
    'without an event',
    (directory) =>
      editLines(directory, second(), (lines) => {
        // The last event of a batch would be missed by its batch first.
        const isEvent = (line = '') => line.startsWith('{"kind":"event"');
        const at = lines.findIndex((line, index) => isEvent(line) && isEvent(lines[index + 1]));
        expect(at).toBeGreaterThan(0);
        return lines.filter((_line, index) => index !== at);
      }),
    /^events-\d+\.jsonl\.gz, line \d+: event \d+ is missing: event \d+ follows \d+$/,
  ],
  [
    'with an event that was changed',
    change('event', /"actor":"operator"/, '"actor":"operetta"'),
    /^events-\d+\.jsonl\.gz, line \d+: event \d+ was changed$/,
  ],
  [
    'with a space more in the data of an event',
    change('event', /,"data":\{/, ',"data":{ '),
    /^events-\d+\.jsonl\.gz, line \d+: event \d+ was changed$/,
  ],
  [
    'with an event and its hash that were changed',
    change('event', /"hash":"[0-9a-f]{4}/, '"hash":"0000'),
    /^events-\d+\.jsonl\.gz, line \d+: event \d+ was changed$/,
  ],
  [
    'with records that were changed',
    change('batch', /"records":\{/, '"records":{ '),
    /^events-\d+\.jsonl\.gz, line \d+: the commands of \S+ \S+ were changed$/,
  ],
  [
    'with a line that is not JSON',
    change('event', /"version":/, '"version"'),
    /^events-\d+\.jsonl\.gz, line \d+: /,
  ],
  [
    'left out of the manifest',
    (directory) =>
      editManifest(directory, (manifest) => ({
        ...manifest,
        files: manifest.files.filter(({ name }) => name !== second()),
      })),
    /manifest\.json is damaged: events-\d+\.jsonl\.gz does not follow event \d+$/,
  ],
  [
    'the last one, and left out of the manifest',
    dropLast,
    /manifest\.json is damaged: files with the events after \d+ are missing$/,
  ],
  [
    'the state, changed by a byte',
    async (directory) => {
      const name = (await readdir(directory)).find((each) => each.startsWith('state-')) ?? '';
      await flipByte(directory, name);
    },
    /^state-[\d.]+\.jsonl\.gz is damaged: its SHA-256 is not the one in manifest\.json$/,
  ],
  [
    'the manifest, of a later format',
    (directory) =>
      editManifest(directory, (manifest) => ({ ...manifest, format: 'daybook-export-2' })),
    /manifest\.json has the format daybook-export-2, but this version reads daybook-export-1: use the version that wrote it$/,
  ],
  [
    'the manifest, which is not JSON',
    (directory) => editManifest(directory, () => 'nothing'),
    /manifest\.json is damaged: it is not the manifest of an export$/,
  ],
  [
    'the manifest, which is missing',
    (directory) => rm(inFolder(directory, 'manifest.json')),
    / has no manifest\.json: it is not an export$/,
  ],
];

test.each(damages)(
  'a file that is %s is named, and nothing can be served',
  async (_, damage, message) => {
    const directory = await createFolder(undo);
    await cp(good, directory, { recursive: true });
    await damage(directory);
    const target = await createBlankDatabase(undo);
    await expect(importAll(target, directory)).rejects.toThrow(message);
    // With the right files, the import is completed from where it is.
    await importAll(target, good);
    expect(await tablesOf(target)).toEqual(tables);
  },
  60_000,
);

test('a half imported log is not served, not even by programs of an earlier release', async () => {
  const directory = await createFolder(undo);
  await cp(good, directory, { recursive: true });
  await change('event', /"actor":"operator"/, '"actor":"operetta"')(directory);
  const target = await createBlankDatabase(undo);
  await expect(importAll(target, directory)).rejects.toThrow(/was changed/);
  const environment = { DATABASE_URL: target, LOG_LEVEL: 'error' };
  const half =
    /^daybook: the database has only a part of an imported log, up to event \d+ of \d+: run daybook import again to complete it\n$/;
  for (const command of [['serve'], ['export', '--out', await createFolder(undo)]]) {
    const { code, output } = await runProgram(command, environment);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(half) });
  }
  await withCopyConnection(target, async ({ query }) => {
    const append = `select append_events(null, gen_random_uuid(), '[]', null, '[]', '[]')`;
    const register = `select register_reactions(array['one'])`;
    for (const [name, text] of Object.entries({ append, register })) {
      await expect(query({ name, text })).rejects.toThrow('query returned no rows');
    }
  });
  await expect(importAll(target, good)).resolves.toMatchObject({ format: 'daybook-export-1' });
}, 60_000);

test('a database that is not empty is refused, and nothing in it changes', async () => {
  const [other, blank] = [await recordRichLog(undo, 30), await createBlankDatabase(undo)];
  const before = await tablesOf(other.url);
  await expect(importAll(other.url, good)).rejects.toThrow(
    'the database is not empty: it has events; import into a new database',
  );
  expect(await tablesOf(other.url)).toEqual(before);
  const { code, output } = await runProgram(['import', '--in', good], { DATABASE_URL: other.url });
  expect({ code, output }).toEqual({
    code: 1,
    output: 'daybook: the database is not empty: it has events; import into a new database\n',
  });
  expect(await tablesOf(other.url)).toEqual(before);
  await withCopyConnection(blank, ({ query }) => query({ name: 'a', text: 'create table a ()' }));
  await expect(importAll(blank, good)).rejects.toThrow(
    'it has the table a of another program; import into a new database',
  );
  const [tableCount] = await withCopyConnection(blank, ({ query }) =>
    query<{ count: number }>({
      name: 'count_tables',
      text: `select count(*) from pg_tables where schemaname = 'public'`,
    }),
  );
  expect(tableCount).toEqual({ count: 1 });
}, 60_000);
