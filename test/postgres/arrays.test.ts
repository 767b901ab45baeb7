import { afterAll, beforeAll, expect, test } from 'vitest';
import { toJsonArray, toNumberArray, toTextArray } from '../../src/postgres/arrays.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

async function readBack(type: string, value: unknown): Promise<unknown> {
  const [row] = await sql<{ value: unknown }>(
    testDatabase.database,
    `select $1::${type}[] as value`,
    [value],
  );
  return row?.value;
}

const texts = ['', 'plain', 'a "quoted" \\ one', 'Zürich 東京 🏦', '{a,b}', 'null', ' \n\t '];

test('an array of texts reaches the database unchanged', async () => {
  expect(await readBack('text', toTextArray(texts))).toEqual(texts);
  expect(await readBack('text', toTextArray([]))).toEqual([]);
});

test('an array of numbers reaches the database unchanged', async () => {
  const numbers = [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  expect(await readBack('bigint', toNumberArray(numbers))).toEqual(numbers);
});

test.each([
  ['none', []],
  ['one that is gone', [null]],
  ['some, with one that is gone', [{ amount: '1.50' }, null, { list: [1, null, { deep: true }] }]],
  ['any text', texts.map((text) => ({ [text]: text }))],
  ['what jsonb would refuse', [{ text: '\u0000 \ud800' }]],
])('an array of documents reaches the database unchanged: %s', async (_title, documents) => {
  const json = documents.map((one) => (one === null ? null : JSON.stringify(one)));
  expect(await readBack('json', toJsonArray(json))).toEqual(documents);
});
