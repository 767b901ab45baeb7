import { afterAll, beforeAll, expect, test } from 'vitest';
import { modules } from '../src/contexts/all.ts';
import { eventDefinitionsOf } from '../src/kernel/context.ts';
import { createLog } from '../src/log/log.ts';
import { readViews } from '../src/views/store.ts';
import { batchOf, pending } from './support/batches.ts';
import { createTestDatabase, type TestDatabase } from './support/postgres.ts';
import { type Program, runProgram, spawnProgram, startProgram } from './support/program.ts';
import { sql } from './support/rows.ts';
import { until } from './support/until.ts';
import { sendTo } from './support/upgrade-load.ts';

const prices = 12_000;

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
  const definitions = eventDefinitionsOf(modules.map(({ context }) => context));
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

const lastPriceAt = (asOf: number) =>
  sendTo(program.url, `{ instrument(symbol: "AAA", asOf: "${asOf}") { lastPrice } }`);

const historyOf = async (view: string) =>
  (await readViews(testDatabase.database)).find(({ name }) => name === view)?.historyFrom;

test.each([
  [['thin'], 2, /^daybook: --before is missing: give a sequence or a time$/m],
  [['thin', '--before', '99999999'], 2, /^daybook: --before 99999999: the log ends at event \d+$/m],
  [['thin', '--before', 'monday'], 2, /^daybook: --before .*monday/m],
  [['thin', '--before', '2999-01-01T00:00:00Z'], 2, /^daybook: --before .* is in the future$/m],
  [['thin', '--before', '5', 'nothing'], 1, /^daybook: there is no view nothing: use one of /m],
])('%j is refused with one line', async (args, code, line) => {
  const refused = await run(...args);
  expect(refused.output).toMatch(line);
  expect(refused.output.trim().split('\n')).toHaveLength(1);
  expect(refused.code).toBe(code);
});

test('without --yes, it says what would be lost and removes nothing', async () => {
  const { code, output } = await run('thin', 'instruments', '--before', '6000');
  expect(output).toBe(
    'instruments: can no longer be read as of the sequences 0 to 5999, ' +
      'until "daybook rebuild instruments"\n' +
      'daybook: nothing was removed: add --yes to remove this history\n',
  );
  expect(code).toBe(2);
  expect(await historyOf('instruments')).toBe(0);
  expect(await lastPriceAt(3_100)).toMatchObject({ data: { instrument: { lastPrice: '99.25' } } });
});

test('a thinned history is reported, verified from there on, and brought back by a rebuild', async () => {
  const killed = spawnProgram(['thin', 'instruments', '--before', '6000', '--yes'], environment);
  await until(async () => (await historyOf('instruments')) === 6_000, 30_000);
  await killed.end('SIGKILL');
  const { code, output } = await run('thin', 'instruments', 'prices', '--before', '6000', '--yes');
  expect(output).toMatch(
    /^instruments: removed [1-9]\d{3} versions of documents and \d+ entries of lists; its history begins at sequence 6000$/m,
  );
  expect(output).toMatch(/^instruments: nothing to lose: its history begins at sequence 6000$/m);
  expect(code).toBe(0);
  const { errors } = await lastPriceAt(3_100);
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('run "daybook rebuild instruments" to read it at 3100'),
    extensions: { code: 'HISTORY_THINNED' },
  });
  expect(await lastPriceAt(6_000)).toMatchObject({ data: { instrument: { lastPrice: '299.25' } } });

  const verified = await run('verify', '--views', '--refold');
  expect(verified.output).toMatch(
    /^instruments: verified \d+ rows up to sequence \d+; thinned before sequence 6000, compared from there on$/m,
  );
  expect(verified.output).toMatch(/^accounts: verified \d+ rows up to sequence \d+$/m);
  expect(verified.code).toBe(0);

  const rebuilt = await run('rebuild', 'instruments');
  expect(rebuilt.output).toMatch(
    /^instruments: swapped in at sequence \d+, checksum \w{64}; what/m,
  );
  expect(rebuilt.code).toBe(0);
  await until(async () => (await lastPriceAt(3_100)).errors === undefined, 20_000);
  expect(await lastPriceAt(3_100)).toMatchObject({ data: { instrument: { lastPrice: '99.25' } } });
  const again = await run('verify', '--views');
  expect(again.output).toMatch(/^instruments: verified \d+ rows up to sequence \d+$/m);
  // Its time, and not its sequence, says up to where the view is thinned.
  const [row] = await sql<{ time: string }>(
    testDatabase.database,
    'select recorded_at::text as time from events where sequence = 7000',
  );
  const time = (row?.time ?? '').replace(' ', 'T').replace(/\+00$/, 'Z');
  const byTime = await run('thin', 'instruments', '--before', time, '--yes');
  expect(byTime.output).toContain('the sequences 0 to ');
  expect(byTime.code).toBe(0);
  expect(await historyOf('instruments')).toBeGreaterThanOrEqual(7_000);
}, 180_000);
