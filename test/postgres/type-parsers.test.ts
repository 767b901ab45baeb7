import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { parseTimestamptz } from '../../src/postgres/type-parsers.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

async function select(expression: string): Promise<unknown> {
  const query = { name: '', text: `select ${expression} as value` };
  const rows = await testDatabase.database.query<{ value: unknown }>(query);
  return rows[0]?.value;
}

test.each([
  ['9007199254740991::int8', 9007199254740991],
  ["'{1,null,-3}'::int8[]", [1, null, -3]],
  ["'1.500000000000000000001'::numeric", '1.500000000000000000001'],
  ["'{0.10,null}'::numeric[]", ['0.10', null]],
  ["'2026-11-23 20:55:57.12+00'::timestamptz", '2026-11-23T20:55:57.120000Z'],
  ["'2026-11-23 20:55:57.123456+02'::timestamptz", '2026-11-23T18:55:57.123456Z'],
  ["'0001-01-01 00:00:00+00'::timestamptz", '0001-01-01T00:00:00.000000Z'],
  ["'9999-12-31 23:59:59.999999+00'::timestamptz", '9999-12-31T23:59:59.999999Z'],
  ["array['2026-11-23 20:55:57+00', null]::timestamptz[]", ['2026-11-23T20:55:57.000000Z', null]],
  ["'2026-11-23'::date", '2026-11-23'],
  [`'{"a": [1, "x"]}'::jsonb`, { a: [1, 'x'] }],
  [`array['{"a": 1}']::jsonb[]`, [{ a: 1 }]],
  [`array['a,"b', null]`, ['a,"b', null]],
  [
    "array['6ecd8c99-4036-403d-bf84-cf8400f67836']::uuid[]",
    ['6ecd8c99-4036-403d-bf84-cf8400f67836'],
  ],
  ["'{}'::text[]", []],
  ['true', true],
  ['null::timestamptz', null],
])('%s is read exactly', async (expression, value) => {
  expect(await select(expression)).toEqual(value);
});

test.each([
  '9007199254740992::int8',
  "'infinity'::timestamptz",
  "'10000-01-01 00:00:00+00'::timestamptz",
  "'0044-03-15 00:00:00+00 BC'::timestamptz",
])('%s is refused', async (expression) => {
  await expect(select(expression)).rejects.toThrow(RangeError);
});

test('a time that is not in UTC is refused', () => {
  expect(() => parseTimestamptz('2026-11-23 20:55:57+02')).toThrow(RangeError);
});

test('the options of an address are kept alongside those of Daybook', async () => {
  const url = `${testDatabase.url}?options=-c%20search_path%3Dpg_catalog`;
  const database = createDatabase({ url, applicationName: 'options', log: silentLogger });
  const text = `select current_setting('search_path') as path, current_setting('TimeZone') as zone`;
  expect(await database.query({ name: 'settings', text })).toEqual([
    { path: 'pg_catalog', zone: 'UTC' },
  ]);
  await database.stop();
});
