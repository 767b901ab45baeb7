import { afterAll, beforeAll, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { createLog } from '../../src/log/log.ts';
import { readViews } from '../../src/views/store.ts';
import { batchOf, pending } from '../support/batches.ts';
import { unpackDocuments } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { type Program, runProgram, spawnProgram, startProgram } from '../support/program.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { sendTo } from '../support/upgrade-load.ts';

const definitions = eventDefinitionsOf(modules.map(({ context }) => context));
const prices = 30_000;

let testDatabase: TestDatabase;
let program: Program;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  environment = { DATABASE_URL: testDatabase.url, LOG_LEVEL: 'error' };
  program = await startProgram(environment);
  await sendTo(
    program.url,
    `mutation { listInstrument(input: { symbol: "AAA", name: "A", currency: "EUR",
      tickSize: "0.01", lotSize: "1" }) { __typename } }`,
  );
  const log = createLog(testDatabase.database, definitions);
  for (let done = 0; done < prices; done += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, index) =>
      pending('instrument-AAA', done + index + 2, {
        type: 'PriceRecorded',
        data: { symbol: 'AAA', price: `${(index % 700) + 1}.25` },
      }),
    );
    await log.append(batchOf(events));
  }
  await until(async () => {
    const rows = await readViews(testDatabase.database);
    return rows.length > 5 && rows.every(({ checkpoint }) => checkpoint > prices);
  }, 60_000);
}, 120_000);

afterAll(async () => {
  await program.end('SIGTERM');
  await testDatabase.dispose();
});

const run = (...args: readonly string[]) => runProgram(args, environment);

async function copyOf(view: string): Promise<number | null> {
  const rows = await readViews(testDatabase.database);
  return rows.find(({ name }) => name === `${view} (copy)`)?.checkpoint ?? null;
}

test('a rebuild that is killed again and again goes on from where it was', async () => {
  const reached: number[] = [];
  for (const enough of [2_000, 10_000]) {
    const killed = spawnProgram(['rebuild', 'prices', 'candles'], environment);
    await until(async () => ((await copyOf('candles')) ?? 0) >= enough, 60_000);
    await killed.end('SIGKILL');
    reached.push((await copyOf('candles')) ?? 0);
  }
  const { code, output } = await run('rebuild', 'prices', 'candles');
  expect(output).toMatch(/^building: [1-9]\d{4} of 3\d{4} events/m);
  expect(output).toMatch(
    /^candles: swapped in at sequence \d+, checksum [0-9a-f]{64}; .* is kept/m,
  );
  expect(code).toBe(0);
  expect(reached.every((checkpoint) => checkpoint < prices)).toBe(true);
  expect(await copyOf('candles')).toBeNull();
  const { data } = await sendTo(program.url, '{ instrument(symbol: "AAA") { lastPrice } }');
  expect(data).toMatchObject({ instrument: { lastPrice: '300.25' } });
}, 120_000);

test('a planted difference ends with exit code 1 and its place, on one line', async () => {
  await unpackDocuments(testDatabase.database);
  await sql(
    testDatabase.database,
    `update view_documents set document = replace(document::text, '"AAA"', '"BBB"')::json
     where sequence = 12345 and view_id = (select id from views where name = 'prices')`,
  );
  const verified = await run('verify', '--views');
  expect(verified.code).toBe(1);
  expect(verified.output).toMatch(
    /^prices: the rows differ from the checksums between sequences 10001 and 20000, first in the document .* at sequence 12345$/m,
  );
  expect(verified.output).toMatch(/^candles: verified \d+ rows up to sequence \d+$/m);
  const refused = await run('rebuild', 'prices');
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/^prices: not swapped in: .* 10001 and 20000, .* 12345$/m);
  const accepted = await run('rebuild', 'prices', '--accept-differences');
  expect(accepted.output).toMatch(/^prices: swapped in at .*, although the copy differs from/m);
  expect(accepted.code).toBe(0);
  expect(await run('verify', '--views')).toMatchObject({ code: 0 });
}, 120_000);

test('what was replaced is swapped back, with the difference, and dropped', async () => {
  expect(await run('rebuild', '--undo', 'prices')).toMatchObject({ code: 0 });
  expect(await run('verify', '--views')).toMatchObject({ code: 1 });
  expect(await run('rebuild', '--undo', 'prices')).toMatchObject({ code: 0 });
  const { code, output } = await run('rebuild', '--drop', 'prices', 'orders');
  expect(output).toBe('prices: dropped what was kept\norders: nothing was kept\n');
  expect(code).toBe(0);
  expect(await run('verify', '--views', '--refold')).toMatchObject({ code: 0 });
}, 120_000);

test.each([
  [['rebuild', 'nothing'], 1, /^daybook: there is no view nothing: use one of accounts, /],
  [['rebuild', '--undo'], 2, /^daybook: --undo needs a view$/m],
  [['rebuild', '--undo', '--drop', 'prices'], 2, /^daybook: use either --undo or --drop$/m],
  [['rebuild', '--undo', 'prices'], 1, /^daybook: nothing is kept of the view prices: /m],
])('%j is refused with one line', async (args, code, line) => {
  const refused = await run(...args);
  expect(refused.output).toMatch(line);
  expect(refused.code).toBe(code);
});
