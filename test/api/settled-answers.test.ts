import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueToken } from '../../src/api/transport/token.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { type RawAnswer, rawAnswer } from './transport/raw-answer.ts';

let server: TestServer;
let accountId: string;
let eventId: string;
beforeAll(async () => {
  server = await createTestServer();
  accountId = randomUUID();
  await server.send(
    `mutation M($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) {
      __typename } }`,
    { id: accountId },
  );
  await server.send(
    `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) { __typename } }`,
    { id: accountId },
  );
  const { data } = await server.send<{ event: { eventId: string } }>(
    '{ event(sequence: "2") { eventId } }',
  );
  eventId = data.event.eventId;
});
afterAll(() => server.dispose());

function get(
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  return rawAnswer(`${server.url}/graphql?${search}`, { headers });
}

const cached = 'public, max-age=86400, immutable';

describe('a query by GET', () => {
  it('is kept by caches if every root field names a moment', async () => {
    const pinned: readonly (readonly [query: string, variables?: object])[] = [
      [`{ account(id: "${accountId}", asOf: "2") { id balance history { nodes { type } } } }`],
      ['query Q($at: Moment) { accounts(asOf: $at) { nodes { owner } } }', { at: '2' }],
      ['query Q($at: Moment = "1") { log(asOf: $at) { sequence recordedAt } }'],
      ['{ __typename log(asOf: "1") { sequence } later: log(asOf: "2") { sequence } }'],
      ['{ ...F } fragment F on Query { ... on Query { trialBalance(asOf: "2") { __typename } } }'],
      ['query Q($id: ID!) { node(id: $id) { id } }', { id: `${accountId}@2` }],
      ['query Q($id: ID!) { node(id: $id) { id } }', { id: `${eventId}@2` }],
      ['{ instrument(symbol: "NONE", asOf: "2") { name } }'],
    ];
    for (const [query, variables] of pinned) {
      const first = await get(query, variables);
      expect(first.status, query).toBe(200);
      expect(first.headers['cache-control'], query).toBe(cached);
      expect(first.headers['vary']).toBe('Accept, Accept-Encoding, Origin');
      const { etag = '' } = first.headers;
      expect(etag).toMatch(/^W\/"[\w-]{27}"$/);
      for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const again = await get(query, variables, { 'if-none-match': known });
        expect(again.status, known).toBe(304);
        expect(again.body).toHaveLength(0);
        expect(again.headers).not.toHaveProperty('content-length');
        expect(again.headers).toMatchObject({ etag, 'cache-control': cached });
      }
      const other = await get(query, variables, { 'if-none-match': '"other"' });
      expect([other.status, other.body]).toEqual([200, first.body]);
    }
  });

  it('is kept if the moment is a time in the past', async () => {
    const { data } = await server.send<{ log: { recordedAt: string } }>('{ log { recordedAt } }');
    const query = 'query Q($at: Moment!) { log(asOf: $at) { sequence } }';
    const answer = await get(query, { at: data.log.recordedAt });
    expect(answer.headers['cache-control']).toBe(cached);
    expect((await get(query, { at: '2100-01-01T00:00:00Z' })).headers).not.toHaveProperty('etag');
  });

  it('is not kept if a part of it reads the present, or if it has an error', async () => {
    const present: readonly (readonly [query: string, variables?: object])[] = [
      ['{ log { sequence } }'],
      ['query Q($at: Moment) { log(asOf: $at) { sequence } }', {}],
      ['query Q($at: Moment) { log(asOf: $at) { sequence } }', { at: null }],
      [`{ log(asOf: "1") { sequence } account(id: "${accountId}") { balance } }`],
      ['query Q($id: ID!) { node(id: $id) { id } }', { id: accountId }],
      ['{ log(asOf: "1") { sequence } views { name checkpoint } }'],
      ['{ log(asOf: "1") { sequence } event(sequence: "1") { type } }'],
      ['{ log(asOf: "1") { sequence } __schema { description } }'],
      ['{ ...F } fragment F on Query { log(asOf: "1") { sequence } bridges { name } }'],
      ['{ log(asOf: "1") { sequence } later: log(asOf: "99") { sequence } }'],
      ['{ __typename }'],
      ['{ log(asOf: "99") { sequence } }'],
      ['{ nothing(asOf: "1") }'],
    ];
    for (const [query, variables] of present) {
      const { headers } = await get(query, variables, { 'if-none-match': '*' });
      expect(headers['cache-control'], query).toBe('no-store');
      expect(headers, query).not.toHaveProperty('etag');
    }
  });

  it('has another tag for another moment, and none by POST', async () => {
    const query = 'query Q($at: Moment) { log(asOf: $at) { sequence } }';
    const tags = await Promise.all(
      ['1', '2'].map(async (at) => (await get(query, { at })).headers.etag),
    );
    expect(new Set(tags).size).toBe(2);
    const body = { query, variables: { at: '1' } };
    const posted = await rawAnswer(`${server.url}/graphql`, { body });
    expect(posted.headers['cache-control']).toBe('no-store');
    expect(posted.headers).not.toHaveProperty('etag');
  });
});

it('with tokens, only the cache of the caller may keep an answer', async () => {
  const secret = 'x'.repeat(32);
  const guarded = await createTestServer({ jwtSecret: secret });
  try {
    const token = await issueToken(
      { jwt: { secret } },
      { actor: 'ada', roles: ['OPERATOR'], hours: 1 },
    );
    const query = encodeURIComponent('{ log(asOf: "0") { sequence } }');
    const { headers } = await rawAnswer(`${guarded.url}/graphql?query=${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(headers['cache-control']).toBe('private, max-age=86400, immutable');
    expect(headers['vary']).toBe('Accept, Accept-Encoding, Origin, Authorization');
  } finally {
    await guarded.dispose();
  }
});
