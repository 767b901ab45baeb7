import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import { modules } from '../../src/contexts/all.ts';
import { exportParquet, type ParquetOptions } from '../../src/exports/export-parquet.ts';
import { writeParquet } from '../../src/exports/write-parquet.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createFolder, recordRichLog } from '../support/exports/exporting.ts';
import { runProgram } from '../support/program.ts';
import { sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';

const undo: (() => unknown)[] = [];
let url: string;
let database: Database;
let directory: string;
let head: number;
beforeAll(async () => {
  url = (await recordRichLog(undo)).url;
  database = createDatabase({ url, applicationName: 'test', log: silentLogger });
  undo.push(database.stop);
  directory = await createFolder(undo);
  const [row] = await sql<{ sequence: number }>(database, 'select sequence from log_head');
  // The last event was recorded after the server had stopped, so no view has it.
  head = (row?.sequence ?? 0) - 1;
}, 60_000);
afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Reads a file with DuckDB. */
async function readParquet(file: string, columns: string): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`set timezone = 'UTC'`);
    const reader = await connection.runAndReadAll(`select ${columns} from '${file}'`);
    return reader.getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function exportAs(name: string, more: Partial<ParquetOptions> = {}) {
  const file = path.join(directory, name);
  const options = { url, file, view: null, asOf: null, onProgress() {}, ...more };
  return { file, ...(await exportParquet(options)) };
}

const eventTexts = `sequence::text, stream_id, version::text, id::text, type,
  schema_version::text, actor, command_id::text, correlation_id, causation_id`;

test('DuckDB reads every event as PostgreSQL has it, with exact times and texts', async () => {
  const { file, rows, sequence } = await exportAs('events.parquet');
  expect(sequence).toBe(head + 1);
  const expected = await sql(
    database,
    `select ${eventTexts}, data::text, encode(hash, 'hex') as hash,
      (extract(epoch from recorded_at) * 1000000)::bigint::text as recorded,
      (extract(epoch from occurred_at) * 1000000)::bigint::text as occurred
     from events order by events.sequence`,
  );
  expect(rows).toBe(expected.length);
  const columns = `${eventTexts}, data, hash, epoch_us(recorded_at)::text as recorded,
    epoch_us(occurred_at)::text as occurred`;
  const named = columns.replaceAll(/(\w+)::text(?! as)/g, '$1::text as $1');
  expect(await readParquet(file, named)).toEqual(expected);
  const [types] = await readParquet(file, 'typeof(sequence) as s, typeof(recorded_at) as t');
  expect(types).toEqual({ s: 'BIGINT', t: 'TIMESTAMP WITH TIME ZONE' });
});

const views = modules.flatMap(({ context }) => context.views);

test.each(views.map((view) => [view.name, view] as const))(
  'DuckDB reads every document of the view %s as of moments of the past',
  async (name, view) => {
    const changes = await sql<{ sequence: number }>(
      database,
      `select distinct sequence from view_documents join views on views.id = view_id
       where name = $1 order by sequence`,
      [name],
    );
    const changedAt = changes[Math.floor(changes.length / 2)]?.sequence ?? 1;
    for (const asOf of [0, changedAt - 1, changedAt, head]) {
      const { file, rows } = await exportAs(`${name}-${asOf}.parquet`, {
        view,
        asOf: String(asOf),
      });
      const expected = await sql(
        database,
        `select key, sequence::text, document::text from (
           select key, sequence, document,
             row_number() over (partition by key order by sequence desc) as number
           from view_documents join views on views.id = view_id
           where name = $1 and sequence <= $2
         ) as found where number = 1 and document is not null order by key`,
        [name, asOf],
      );
      expect(rows).toBe(expected.length);
      const found = await readParquet(file, 'key, sequence::text as sequence, document');
      expect(found).toEqual(expected);
    }
  },
);

test('the documents as of a time are those as of the last sequence up to it', async () => {
  const at = Math.floor(head / 2);
  const [row] = await sql<{ time: string }>(
    database,
    'select recorded_at as time from events where sequence = $1',
    [at],
  );
  const byTime = await exportAs('time.parquet', { view: accountsView, asOf: row?.time ?? '' });
  expect(byTime.sequence).toBe(at);
  await expect(exportAs('x.parquet', { asOf: '2999-01-01T00:00:00Z' })).rejects.toThrow(
    '--as-of 2999-01-01T00:00:00Z is in the future',
  );
  await expect(exportAs('x.parquet', { asOf: 'noon' })).rejects.toThrow('"noon" is not a time');
  await expect(exportAs('x.parquet', { asOf: '999999' })).rejects.toThrow(
    `--as-of 999999: the log ends at event ${head + 1}`,
  );
  await expect(exportAs('x.parquet', { view: accountsView })).rejects.toThrow(
    /^the view accounts is built up to event \d+, not \d+: start a server and wait until it is ready, or give an earlier --as-of$/,
  );
  expect((await readdir(directory)).filter((name) => /x\.parquet|^\.draft/.test(name))).toEqual([]);
});

test('a file of many groups of rows is read back in order', async () => {
  const file = path.join(directory, 'many.parquet');
  async function* rows() {
    for (let first = 0; first < 50_000; first += 1_000) {
      yield Array.from({ length: 1_000 }, (_, index) => {
        const number = first + index;
        return [String(number), number % 3 === 0 ? null : `${number}.10`];
      });
    }
  }
  const columns = [
    { name: 'number', type: 'bigint' },
    { name: 'text', type: 'text', isNullable: true },
  ] as const;
  expect(await writeParquet(file, { columns, rows: rows(), about: {} })).toBe(50_000);
  const found = await readParquet(file, `number::text as number, text`);
  const given: unknown[] = [];
  for await (const group of rows())
    given.push(...group.map(([number, text]) => ({ number, text })));
  expect(found).toEqual(given);
});

test('the command line writes Parquet, and names the views that there are', async () => {
  const file = path.join(directory, 'cli.parquet');
  const environment = { DATABASE_URL: url };
  const parquet = ['export', '--format', 'parquet', '--out', file, '--as-of', '9'];
  expect(await runProgram(parquet, environment)).toEqual({
    code: 0,
    output: expect.stringContaining(`exported 9 rows of events as of event 9 to ${file}\n`),
  });
  expect(await runProgram([...parquet, '--view', 'nothing'], environment)).toEqual({
    code: 1,
    output: expect.stringMatching(/^daybook: there is no view nothing: use one of accounts, /),
  });
}, 60_000);
