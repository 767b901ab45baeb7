import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { post, startServer } from './test-server.ts';

const disabled = { errors: [{ extensions: { code: 'INTROSPECTION_DISABLED' } }] };

test.each([
  getIntrospectionQuery(),
  '{ __schema { queryType { name } } }',
  '{ a: __type(name: "Account") { name } }',
  '{ ...F } fragment F on Query { __schema { types { name } } }',
])('a server that does not show its schema refuses %s', async (query) => {
  await using tested = await startServer({ introspection: false });
  expect(await post(tested.url, { query })).toMatchObject({ body: disabled });
});

test('a server that does not show its schema still names types, and suggests no fields', async () => {
  await using tested = await startServer({ introspection: false });
  const named = await post(tested.url, { query: '{ __typename account { __typename id } }' });
  expect(named.body).toMatchObject({ data: { __typename: 'Query' } });
  const misspelt = [
    { query: '{ helo }' },
    { query: 'query Q($p: Poin) { echo(point: $p) }' },
    { query: 'query Q($p: Point) { echo(point: $p) }', variables: { p: { pric: '1' } } },
    { query: '{ echo(amont: "1") }' },
  ];
  for (const body of misspelt) {
    const answer = await post(tested.url, body);
    expect(answer.body).toHaveProperty('errors');
    expect(JSON.stringify(answer.body)).not.toContain('Did you mean');
  }
});

test('a server shows its schema and suggests names by default', async () => {
  await using tested = await startServer();
  const shown = await post(tested.url, { query: '{ __schema { queryType { name } } }' });
  expect(shown.body).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } });
  expect(JSON.stringify((await post(tested.url, { query: '{ helo }' })).body)).toContain(
    'Did you mean',
  );
});

test('a server without GraphiQL has a page that says so', async () => {
  await using tested = await startServer({ graphiql: false });
  const page = await fetch(tested.url, { headers: { accept: 'text/html' } });
  expect([page.status, await page.text()]).toEqual([
    200,
    '<!doctype html><title>Daybook</title>' +
      '<p>GraphiQL is disabled on this server (DAYBOOK_GRAPHIQL is false).</p>\n',
  ]);
});

test('both are settings', () => {
  expect(readConfig({})).toMatchObject({ graphiql: true, introspection: true });
  const off = { DAYBOOK_GRAPHIQL: 'false', DAYBOOK_INTROSPECTION: 'false' };
  expect(readConfig(off)).toMatchObject({ graphiql: false, introspection: false });
  expect(() => readConfig({ DAYBOOK_GRAPHIQL: 'no' })).toThrow(
    'DAYBOOK_GRAPHIQL no is not true or false',
  );
});
