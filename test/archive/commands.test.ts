import { cp } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrillReport } from '../../src/exports/drill/run-drill.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  recordRichLog,
  tablesOf,
  toSend,
} from '../support/exports/exporting.ts';
import {
  installedPostgresFault,
  startInstalledPostgres,
} from '../support/exports/installed-postgres.ts';
import { createOwner } from '../support/people.ts';
import { runProgram } from '../support/program.ts';
import { countOf, sql } from '../support/rows.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
let url: string;
let database: Database;
let send: ReturnType<typeof toSend>;
let archive: string;
/** The last archived event. */
let last: number;
/** An export that was made before the archive, up to an archived event. */
let early: string;
let before: Awaited<ReturnType<typeof logOf>>;

beforeAll(async () => {
  ({ url } = await recordRichLog(undo, 60));
  database = createDatabase({ url, applicationName: 'operator', log: silentLogger });
  undo.push(database.stop);
  await sql(database, 'delete from bridges');
  [archive, early] = [await createFolder(undo), await createFolder(undo)];
  await exportSmall(url, early);
  const server = await startTestServer(url, database);
  undo.push(server.stop);
  send = toSend(server.url);
  for (let count = 0; count < 5; count += 1) {
    await createOwner({ send });
  }
  const text = `select least((select min(checkpoint) from views),
    (select min(checkpoint) from consumers)) = sequence as done from log_head`;
  await until(async () => (await sql<{ done: boolean }>(database, text))[0]?.done === true, 20_000);
  const head = await countOf(database, 'events');
  before = await logOf(url);
  const { moved } = await archiveSmall(url, archive, head - 3);
  last = moved?.last ?? 0;
  expect(last).toBeGreaterThan(head - 20);
}, 60_000);
afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** The rows of the log; those of running servers change. */
async function logOf(from: string) {
  const tables = await tablesOf(from);
  const names = ['events', 'command_batches', 'command_outcomes', 'command_terms'];
  const [head] = await sqlOf(from, 'select sequence, hash, commands_hash, ledger from log_head');
  return { tables: names.map((name) => tables[name] ?? ''), head };
}

async function sqlOf(from: string, text: string) {
  const own = createDatabase({ url: from, applicationName: 'test', log: silentLogger });
  try {
    return await sql<object>(own, text);
  } finally {
    await own.stop();
  }
}

/** Runs a command; with the setting if `setting` is a directory. */
function run(args: readonly string[], setting = '') {
  const environment = { DATABASE_URL: url, LOG_LEVEL: 'error' };
  return runProgram(args, { ...environment, ...(setting && { DAYBOOK_ARCHIVE_DIR: setting }) });
}

const oneLine = () =>
  `daybook: the events up to ${last} are archived, the first one here is ${last + 1}: ` +
  'fetch them back with daybook archive --restore --in DIR\n';

async function assertArchived(): Promise<void> {
  const [row] = await sql<{ through: number }>(
    database,
    'select archived_through as through from log_head',
  );
  expect(row?.through).toBe(last);
}

test('the files and an export of the rest are the log, byte for byte', async () => {
  const rest = await createFolder(undo);
  await exportSmall(url, rest, { after: last });
  const restored = await createBlankDatabase(undo);
  await importAll(restored, archive);
  await importAll(restored, rest);
  expect(await logOf(restored)).toEqual(before);
});

test('an export into the directory of the files makes them the whole log', async () => {
  const both = await createFolder(undo);
  await cp(archive, both, { recursive: true });
  const { manifest } = await exportSmall(url, both);
  expect(manifest.start.sequence).toBe(0);
  expect(manifest.state).not.toBeNull();
  const restored = await createBlankDatabase(undo);
  await importAll(restored, both);
  expect(await logOf(restored)).toEqual(before);
  await assertArchived();
});

test('an export elsewhere says what to do', async () => {
  const { code, output } = await run(['export', '--out', await createFolder(undo)]);
  expect(output).toBe(
    `daybook: the events up to ${last} are archived: name the directory that has them, which ` +
      `then gets the whole log, or use --after ${last}\n`,
  );
  expect(code).toBe(1);
});

test.each([
  ['rebuild', ['rebuild', 'accounts']],
  ['verify --views --refold', ['verify', '--views', '--refold']],
])(
  '%s refuses before it begins',
  async (_name, args) => {
    const { code, output } = await run(args);
    expect(output.split('\n').slice(-2).join('\n')).toBe(oneLine());
    expect(code).toBe(1);
    expect(await sql(database, "select from views where name like '%copy%'")).toEqual([]);
    await assertArchived();
  },
  60_000,
);

test('a server refuses to rebuild a view before it begins', async () => {
  const { errors } = (await send(
    'mutation { rebuildView(input: { name: "accounts" }) { __typename } }',
  )) as unknown as { errors: readonly object[] };
  expect(errors).toMatchObject([{ extensions: { code: 'ARCHIVED' } }]);
});

test('verify --views reads archived history, and finds what is wrong with it', async () => {
  expect((await run(['verify', '--views'])).code).toBe(0);
  const edit = `update view_documents set document = $1::json from views
    where views.id = view_id and name = 'accounts' and (key, sequence) = (
      select key, sequence from view_documents as d where d.view_id = view_documents.view_id
      order by sequence, key limit 1
    ) returning key`;
  const [row] = await sql<{ document: string }>(
    database,
    `select document::text from view_documents, views where views.id = view_id
       and name = 'accounts' order by sequence, key limit 1`,
  );
  await sql(database, edit, ['{"balance":"1000000.00"}']);
  const { code, output } = await run(['verify', '--views']);
  await sql(database, edit, [row?.document]);
  expect(output).toMatch(
    /^accounts: the rows differ from the checksums between sequences \d+ and \d+; the events that show the document are archived$/m,
  );
  expect(code).toBe(1);
}, 60_000);

test('verify says what it has not read, and reads it with the setting', async () => {
  const head = before.tables[0]?.split('\n').length ?? 0;
  const rest = await run(['verify']);
  expect(rest.output).toContain(
    `verified ${head - 1 - last} events; events 1 to ${last} are archived and were not read`,
  );
  expect(rest.code).toBe(0);
  const all = await run(['verify'], archive);
  expect(all.output).toContain(`verified ${head - 1} events; events 1 to ${last} of them`);
  expect(all.code).toBe(0);
}, 60_000);

async function drill(args: readonly string[] = [], live = url) {
  const environment = { DATABASE_URL: live, LOG_LEVEL: 'error' };
  const { code, output } = await runProgram(['drill', '--json', ...args], environment);
  const line = output.split('\n').find((each) => each.startsWith('{')) ?? '{}';
  const report = JSON.parse(line) as DrillReport;
  return { code, failed: report.steps.filter(({ ok }) => !ok), report };
}

test('a drill restores the files and the rest, or says that it needs the files', async () => {
  const refused = await drill();
  expect(refused.failed).toMatchObject([
    {
      name: 'export',
      fault: `the events up to ${last} are archived: give their directory with --archive DIR`,
    },
  ]);
  expect(refused.code).toBe(1);
  const whole = await drill(['--archive', archive]);
  expect(whole.failed).toEqual([]);
  expect(whole.code).toBe(0);
  expect(whole.report.lost).toMatchObject({ events: 0 });
}, 120_000);

test('a drill of a backup that ends with an archived event compares it with the log', async () => {
  const { code, failed, report } = await drill(['--from', early]);
  expect(failed).toEqual([]);
  expect(code).toBe(0);
  expect(report.restored?.sequence).toBeLessThan(last);
}, 120_000);

test('a drill of a backup of the rest needs the files, too', async () => {
  const rest = await createFolder(undo);
  await exportSmall(url, rest, { after: last });
  const refused = await drill(['--from', rest]);
  expect(refused.failed).toMatchObject([
    { name: 'restore', fault: expect.stringContaining('import the exports before it first') },
  ]);
  const { code, failed } = await drill(['--from', rest, '--archive', archive]);
  expect(failed).toEqual([]);
  expect(code).toBe(0);
}, 120_000);

const fault = installedPostgresFault();
const dumped = titleWith('a drill of a dump with archived events needs the files', fault);
test.skipIf(fault !== null)(
  dumped,
  async () => {
    const old = await startInstalledPostgres();
    undo.push(old.stop);
    await importAll(old.url, archive);
    const rest = await createFolder(undo);
    await exportSmall(url, rest, { after: last });
    await importAll(old.url, rest);
    const pool = createDatabase({ url: old.url, applicationName: 'old', log: silentLogger });
    const server = await startTestServer(old.url, pool);
    await server.stop();
    await sql(pool, 'update consumers set checkpoint = (select sequence from log_head)');
    await pool.stop();
    const { moved } = await archiveSmall(old.url, await createFolder(undo), last);
    const file = `${await createFolder(undo)}/dump`;
    old.dump('custom', file);
    const refused = await drill(['--dump', file], old.url);
    expect(refused.failed).toMatchObject([
      {
        name: 'restore',
        fault: expect.stringContaining('give their directory with --archive DIR'),
      },
    ]);
    const { code, failed } = await drill(['--dump', file, '--archive', archive], old.url);
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect(moved?.last).toBe(last);
  },
  180_000,
);

test('rebuild fetches the events back with the setting, and the log is as it was', async () => {
  const { code, output } = await run(['rebuild', 'accounts'], archive);
  expect(output).toContain(`fetched back the events 1 to ${last}`);
  expect(output).toContain('accounts: swapped in at sequence');
  expect(code).toBe(0);
  expect(await logOf(url)).toEqual(before);
  await archiveSmall(url, archive, last);
  await assertArchived();
  await restoreAll(url, archive);
}, 60_000);
