import { createHash } from 'node:crypto';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrustedDocuments } from '../../../src/api/transport/trusted-documents.ts';
import { until } from '../../support/until.ts';
import { rawAnswer } from './raw-answer.ts';
import { startServer, type TestServer } from './test-server.ts';
import { openSocket } from './test-socket.ts';

const documents = {
  greet: 'query Greet($name: String) { hello(name: $name) }',
  touch: 'mutation Touch { touch }',
  watch: 'subscription Watch { ticks(count: 1) }',
  two: 'query A { hello } query B { actor }',
};
const schema = buildSchema(`
  type Query { hello(name: String): String!, actor: String! }
  type Mutation { touch: String! }
  type Subscription { ticks(count: Int): String! }
`);
const trustedDocuments = parseTrustedDocuments(JSON.stringify(documents), schema);

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (text: string) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } },
});
const faultOf = (body: Buffer) => JSON.parse(body.toString()).errors[0];

describe('a server with trusted documents', () => {
  let tested: TestServer;
  beforeAll(async () => {
    tested = await startServer({ trustedDocuments });
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  async function post(body: object, accept = 'application/graphql-response+json') {
    return rawAnswer(tested.url, { body, headers: { accept } });
  }

  it('runs them by documentId, by their hash, and by their text', async () => {
    const variables = { name: 'Ada' };
    const sent = [
      { documentId: 'greet' },
      { documentId: `sha256:${hashOf(documents.greet)}` },
      { documentId: 'greet', query: documents.greet },
      persisted(documents.greet),
      { query: documents.greet },
      { query: documents.greet, ...persisted(documents.greet) },
    ];
    for (const params of sent) {
      const { status, body } = await post({ ...params, variables });
      expect(status, JSON.stringify(params)).toBe(200);
      expect(JSON.parse(body.toString())).toMatchObject({ data: { hello: 'Hello Ada' } });
    }
    const search = new URLSearchParams({ documentId: 'greet', variables: '{"name":"Ada"}' });
    const byGet = await rawAnswer(`${tested.url}?${search}`);
    expect(JSON.parse(byGet.body.toString())).toMatchObject({ data: { hello: 'Hello Ada' } });
    const named = await post({ documentId: 'two', operationName: 'B' });
    expect(JSON.parse(named.body.toString())).toMatchObject({ data: { actor: 'operator' } });
  });

  it('refuses mutations by GET also by documentId', async () => {
    expect((await rawAnswer(`${tested.url}?documentId=touch`)).status).toBe(405);
    const posted = await post({ documentId: 'touch' });
    expect(JSON.parse(posted.body.toString())).toMatchObject({ data: { touch: 'ok' } });
  });

  it('runs no other document, whatever the transport', async () => {
    const before = tested.probe.inits.length;
    const query = '{ hello }';
    const accepts = ['application/graphql-response+json', 'text/event-stream'];
    for (const accept of accepts) {
      for (const params of [{ query }, { query, ...persisted(query) }]) {
        const { status, body } = await post(params, accept);
        expect(status).toBe(400);
        expect(faultOf(body)).toMatchObject({ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } });
      }
      const unknown = await post({ documentId: 'other' }, accept);
      expect(unknown.status).toBe(400);
      expect(faultOf(unknown.body)).toEqual({
        message: 'no trusted document has the documentId other',
        extensions: { code: 'DOCUMENT_NOT_FOUND' },
      });
    }
    const mixed = await post({ documentId: 'greet', query });
    expect(faultOf(mixed.body)).toMatchObject({ extensions: { code: 'BAD_REQUEST' } });
    expect(faultOf((await post({ documentId: 5 })).body).message).toContain('must be a string');
    expect(faultOf((await post(persisted(query))).body).message).toBe('PersistedQueryNotFound');
    expect(tested.probe.inits).toHaveLength(before);
  });

  it('runs them as event streams and over WebSocket', async () => {
    const stream = await post({ documentId: 'watch' }, 'text/event-stream');
    expect(stream.body.toString()).toContain('event: next');
    await using client = await openSocket(tested.url);
    await client.init();
    const sent = [
      { documentId: 'watch' },
      { documentId: 'greet', variables: { name: 'Ada' } },
      persisted(documents.greet),
      { documentId: 'other' },
      { query: '{ hello }' },
    ];
    for (const [index, payload] of sent.entries()) {
      client.send({ type: 'subscribe', id: String(index), payload });
    }
    const of = (id: string) => client.received.find((message) => message.id === id);
    await until(() => sent.every((_, index) => of(String(index)) !== undefined));
    expect(of('0')).toMatchObject({ type: 'next', payload: { data: { ticks: 'x' } } });
    expect(of('1')).toMatchObject({ type: 'next', payload: { data: { hello: 'Hello Ada' } } });
    expect(of('2')).toMatchObject({ type: 'next', payload: { data: { hello: 'Hello you' } } });
    const fault = (code: string) => ({ type: 'error', payload: [{ extensions: { code } }] });
    expect(of('3')).toMatchObject(fault('DOCUMENT_NOT_FOUND'));
    expect(of('4')).toMatchObject(fault('DOCUMENT_NOT_TRUSTED'));
    expect(client.closeCode()).toBeNull();
  });

  it('says in a browser why there is no GraphiQL', async () => {
    const page = await rawAnswer(tested.url, { headers: { accept: 'text/html' } });
    expect(page.body.toString()).toContain('DAYBOOK_TRUSTED_DOCUMENTS');
    expect(page.body.toString()).not.toContain('script');
  });
});

it('a server without trusted documents says so, and ignores the id of a sent query', async () => {
  await using tested = await startServer();
  const { body } = await rawAnswer(tested.url, { body: { documentId: 'greet' } });
  expect(faultOf(body)).toEqual({
    message: 'this server has no trusted documents: send the query, not its documentId',
    extensions: { code: 'DOCUMENT_NOT_FOUND' },
  });
  const sent = { documentId: 'greet', query: '{ hello }' };
  expect((await rawAnswer(tested.url, { body: sent })).status).toBe(200);
  await using client = await openSocket(tested.url);
  await client.init();
  client.send({ type: 'subscribe', id: '1', payload: { variables: {} } });
  await until(() => client.closeCode() !== null);
  expect(client.closeCode()).toBe(4400);
});

it('every fault of the text is one line that names the document', () => {
  const cases: readonly (readonly [text: string, fault: string])[] = [
    ['', 'it is not JSON: '],
    ['{\n"a": ', 'it is not JSON: '],
    ['["{ hello }"]', 'it must be a JSON object of ids and documents'],
    ['null', 'it must be a JSON object of ids and documents'],
    ['{}', 'it has no document'],
    ['{"": "{ hello }"}', 'the id of a document is empty'],
    ['{"a": {"text": "{ hello }"}}', 'the document "a" is not a string'],
    ['{"a": "{"}', 'the document "a" is not valid: Syntax Error: Expected Name, found <EOF>.'],
    ['{"ok": "{ hello }", "b": "{ bye }"}', 'the document "b" is not valid: Cannot query field'],
    ['{"a": "fragment F on Query { hello }"}', 'the document "a" is not valid: '],
    [JSON.stringify({ deep: `{${'a{'.repeat(100)}` }), 'the document "deep" is not valid: '],
  ];
  for (const [text, fault] of cases) {
    const parse = () => parseTrustedDocuments(text, schema);
    expect(parse, text).toThrow(fault);
    expect(parse, text).toThrow(/^[^\n]*$/);
  }
});
