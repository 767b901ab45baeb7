import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema, parse, print } from 'graphql';
import { expect, expectTypeOf, test } from 'vitest';
import {
  type EventType,
  LogDocument,
  LookBackDocument,
  type LookBackQuery,
  MoveDocument,
} from '../../schema/typed-documents.ts';
import { examples } from '../../src/examples.ts';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Runs a program of a development dependency in the project's folder. */
function runTool(name: string, ...args: string[]) {
  return run(path.join(root, 'node_modules/.bin', name), args, { cwd: root });
}

test('graphql-codegen accepts codegen.ts, and has nothing to change', async () => {
  await runTool('graphql-codegen', '--config', 'codegen.ts', '--check');
}, 60_000);

test('importing codegen.ts only exports the configuration', async () => {
  const loaded: object = await import('../../codegen.ts');
  expect(Object.keys(loaded)).toEqual(['default']);
});

test('a typed document is the text of an operation of the tour', () => {
  const tour = examples.map(({ query }) => print(parse(query)));
  for (const document of [LogDocument, LookBackDocument, MoveDocument]) {
    expect(tour).toContain(print(parse(document.toString())));
  }
});

test('a typed document has amounts, sequence numbers and times as strings', () => {
  type Now = NonNullable<LookBackQuery['now']>;
  expectTypeOf<Now['balance']>().toEqualTypeOf<string>();
  expectTypeOf<Now['updatedAt']>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<LookBackQuery['log']>['sequence']>().toEqualTypeOf<string>();
  expectTypeOf<'CashDeposited'>().toExtend<EventType>();
  expectTypeOf<'CashDeposit'>().not.toExtend<EventType>();
});

test('eslint finds no fault in the schema and in the operations', async () => {
  await runTool('eslint', 'schema', '--max-warnings', '0');
}, 60_000);

const tadaClient = `
import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
import type { introspection } from './tada-schema.d.ts';

const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Decimal: string; Moment: string; Sequence: string; JSON: unknown };
}>();
const query = graphql(\`query Q($id: ID!, $filter: EventFilter) {
  account(id: $id) { id balance status }
  events(filter: $filter, first: 1) { nodes { sequence ... on TradeExecuted { price aggressor } } }
}\`);
type Result = ResultOf<typeof query>;
export const account: NonNullable<Result['account']> = { id: 'a', balance: '1.00', status: 'OPEN' };
export const event: NonNullable<Result['events']>['nodes'][number] = {
  sequence: '1',
  price: '1.00',
  aggressor: 'BUY',
};
export const variables: VariablesOf<typeof query> = {
  id: 'a',
  filter: { types: ['CashDeposited'] },
};
// @ts-expect-error: an amount is not a number.
export const wrong: NonNullable<Result['account']>['balance'] = 1;
// @ts-expect-error: no event type has this name.
export const misspelt: VariablesOf<typeof query> = { id: 'a', filter: { types: ['CashDeposit'] } };
`;

test('gql.tada derives the types of a query from the schema', async () => {
  const folder = path.join(root, 'node_modules/.cache/daybook/gql-tada');
  await mkdir(folder, { recursive: true });
  const schema = buildSchema(await readFile(path.join(root, 'schema/schema.graphql'), 'utf8'));
  const introspection = outputIntrospectionFile(
    minifyIntrospection(introspectionFromSchema(schema)),
    { fileType: '.d.ts', shouldPreprocess: true },
  );
  await writeFile(path.join(folder, 'tada-schema.d.ts'), introspection);
  await writeFile(path.join(folder, 'client.ts'), tadaClient);
  const options = { extends: path.join(root, 'tsconfig.json'), include: ['client.ts'] };
  const compilerOptions = { rootDir: '.', incremental: false, tsBuildInfoFile: null };
  await writeFile(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ ...options, compilerOptions }),
  );
  const failed = await runTool('tsc', '--noEmit', '-p', folder).catch((error: unknown) => error);
  expect(failed).toMatchObject({ stdout: '' });
}, 60_000);
