import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, startServer, type TestServer } from './test-server.ts';

function repeat(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(' ');
}

function bomb(): string {
  const fragments = repeat(
    30,
    (index) => `fragment F${index} on Account { ...F${index + 1} ...F${index + 1} }`,
  );
  return `{ account { ...F0 } } ${fragments} fragment F30 on Account { id }`;
}

describe('the limits of operations', () => {
  let tested: TestServer;
  beforeAll(async () => {
    tested = await startServer();
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  const refused: readonly (readonly [title: string, code: string, query: string])[] = [
    ['20,000 levels of selections', 'QUERY_TOO_DEEP', '{a'.repeat(20_000)],
    ['20,000 levels of lists', 'QUERY_TOO_DEEP', `{ echo(point: ${'['.repeat(20_000)}`],
    ['20,000 levels of objects', 'QUERY_TOO_DEEP', `{ echo(point: ${'{a:'.repeat(20_000)}`],
    ['fields 17 deep', 'QUERY_TOO_DEEP', `{account${'{parent'.repeat(15)}{id}${'}'.repeat(15)}}`],
    ['80,000 tokens', 'QUERY_TOO_LARGE', `{ ${'a '.repeat(80_000)} }`],
    ['80,000 comments', 'QUERY_TOO_LARGE', `${'#\r'.repeat(80_000)}{ hello }`],
    ['3,000 lines', 'QUERY_TOO_LARGE', `${'\n'.repeat(3_000)}{ hello }`],
    ['300 arguments', 'QUERY_TOO_LARGE', `{ hello(${repeat(300, () => 'name: "x"')}) }`],
    ['300 variables', 'QUERY_TOO_LARGE', `query (${repeat(300, (i) => `$v${i}: Int`)}) { hello }`],
    ['100 operations', 'QUERY_TOO_LARGE', repeat(100, (i) => `query Q${i} { hello }`)],
    [
      '300 fragments',
      'QUERY_TOO_LARGE',
      `{ hello } ${repeat(300, (i) => `fragment F${i} on Query { hello }`)}`,
    ],
    ['300 aliases', 'TOO_MANY_ALIASES', `{ account { ${repeat(300, (i) => `a${i}: id`)} } }`],
    ['100 root fields', 'QUERY_TOO_COMPLEX', `{ ${repeat(100, () => 'hello')} }`],
    ['a fragment bomb', 'QUERY_TOO_COMPLEX', bomb()],
    [
      '3,000 fields by way of a fragment',
      'QUERY_TOO_COMPLEX',
      `{ ${repeat(30, (i) => `a${i}: account { ...Wide }`)} }
      fragment Wide on Account { ${repeat(20, () => 'name')} ${repeat(80, () => '__typename')} }`,
    ],
    [
      'nested fields written again and again',
      'QUERY_TOO_COMPLEX',
      `{ account { ${repeat(20, () => `parent { ${repeat(20, () => 'parent { id }')} }`)} } }`,
    ],
    ['200 directives', 'QUERY_TOO_COMPLEX', `{ hello ${repeat(200, () => '@include(if: true)')} }`],
    [
      'pages of pages',
      'QUERY_TOO_COMPLEX',
      '{ accounts(first: 500) { nodes { accounts(first: 500) { nodes { id } } } } }',
    ],
    [
      'lists of lists',
      'QUERY_TOO_COMPLEX',
      `{ account ${'{ tags '.repeat(6)} { id } ${'}'.repeat(6)} }`,
    ],
    ['overlapping fields', 'QUERY_TOO_COMPLEX', `{ account { ${repeat(1_900, () => 'id')} } }`],
    [
      'the whole schema three times',
      'QUERY_TOO_COMPLEX',
      `${getIntrospectionQuery().replace('__schema', 'a: __schema {...S} b: __schema {...S} c: __schema')}
      fragment S on __Schema { types { ...FullType } }`,
    ],
  ];
  for (const [title, code, query] of refused) {
    it(`refuse ${title} with ${code} and 400 for every accepted type`, async () => {
      for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
        const answer = await post(tested.url, { query }, { accept });
        expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code } }] } });
      }
    });
  }

  const accepted: readonly (readonly [title: string, query: string])[] = [
    [
      '40 aliases of 12 fields with arguments',
      `{ ${repeat(40, (alias) => {
        const fields = repeat(12, () => 'name(style: "s", length: 1)');
        return `a${alias}: account(id: "1") { ${fields} }`;
      })} }`,
    ],
    ['a page of 500', '{ accounts(first: 500) { edges { cursor node { id name } } } }'],
    ['introspection', getIntrospectionQuery()],
    [
      'introspection with everything',
      getIntrospectionQuery({
        schemaDescription: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
  ];
  for (const [title, query] of accepted) {
    it(`allow ${title}`, async () => {
      const { status, body } = await post(tested.url, { query });
      expect(body).not.toHaveProperty('errors');
      expect(status).toBe(200);
    });
  }

  it('refuse cyclic fragments as invalid', async () => {
    const query =
      '{ account { ...A } } fragment A on Account { ...B } fragment B on Account { ...A }';
    const answer = await post(tested.url, { query });
    expect(answer.body).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
  });

  it('count page sizes that come from variables and their defaults', async () => {
    const query = `query ($n: Int = 500) {
      accounts(first: $n) { nodes { accounts(last: $n) { nodes { id } } } } }`;
    const tooComplex = { errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] };
    expect(await post(tested.url, { query })).toMatchObject({ status: 400, body: tooComplex });
    const many = await post(tested.url, { query, variables: { n: 400 } });
    expect(many).toMatchObject({ status: 400, body: tooComplex });
    const few = await post(tested.url, { query, variables: { n: 10 } });
    expect(few.status).toBe(200);
    expect(few.body).not.toHaveProperty('errors');
  });

  it('refuse variables that are nested too deep to be coerced', async () => {
    const depth = 10_000;
    const query = 'query ($p: Point) { echo(point: $p) }';
    const variables = `{"p":${'{"points":['.repeat(depth)}${']}'.repeat(depth)}}`;
    const response = await fetch(tested.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
    });
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('keep an error answer from being much larger than its request', async () => {
    const name = 'q'.repeat(50_000);
    const query = `query ${name} { ${repeat(50, (i) => `a${i}: hello(name: $v${i})`)} }`;
    const { body } = await post(tested.url, { query });
    expect(JSON.stringify(body).length).toBeLessThan(20_000);
  });
});
