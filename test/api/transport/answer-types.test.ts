import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAccept } from '../../../src/api/transport/media-type.ts';
import { rawAnswer } from './raw-answer.ts';
import { startServer, type TestServer } from './test-server.ts';

const graphql = 'application/graphql-response+json';
const json = 'application/json';
/** What is accepted, and the type of an error for it. */
const accepted: readonly (readonly [accept: string, type: string])[] = [
  [graphql, graphql],
  [json, json],
  ['*/*', json],
  [`${graphql}, ${json};q=0.9`, graphql],
  [`${graphql};q=0.5, ${json}`, json],
  ['text/event-stream', json],
  [`text/event-stream, ${graphql}`, graphql],
];

describe('errors of the transport have the type that the caller prefers', () => {
  let tested: TestServer;
  let guarded: TestServer;
  beforeAll(async () => {
    tested = await startServer();
    guarded = await startServer({ authentication: { jwt: { secret: 'x'.repeat(32) } } });
  });
  afterAll(async () => {
    await tested[Symbol.asyncDispose]();
    await guarded[Symbol.asyncDispose]();
  });

  it.each(accepted)('for accept: %s', async (accept, type) => {
    const { url } = tested;
    const answers = [
      [401, 'UNAUTHENTICATED', await rawAnswer(guarded.url, { body: {}, headers: { accept } })],
      [
        413,
        'BODY_TOO_LARGE',
        await rawAnswer(url, { body: 'x'.repeat(300_000), headers: { accept } }),
      ],
      [400, 'BAD_REQUEST', await rawAnswer(url, { body: {}, headers: { accept } })],
      [400, 'BAD_REQUEST', await rawAnswer(url, { body: '{', headers: { accept } })],
      [400, 'BAD_REQUEST', await rawAnswer(url, { headers: { accept } })],
      [400, 'BAD_REQUEST', await rawAnswer(url, { body: [], headers: { accept } })],
      [
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        await rawAnswer(url, { body: '{}', headers: { accept, 'content-type': 'text/plain' } }),
      ],
      [
        405,
        'METHOD_NOT_ALLOWED',
        await rawAnswer(`${url}?query=mutation{touch}`, { headers: { accept } }),
      ],
      [405, 'METHOD_NOT_ALLOWED', await rawAnswer(url, { method: 'PUT', headers: { accept } })],
    ] as const;
    for (const [status, code, answer] of answers) {
      expect(answer.headers['content-type'], code).toBe(`${type}; charset=utf-8`);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        errors: [{ extensions: { code } }],
      });
      expect(answer.status, code).toBe(status);
    }
  });

  it('and name the fault of the parameters', async () => {
    const answer = await rawAnswer(tested.url, { body: {}, headers: { accept: graphql } });
    expect(JSON.parse(answer.body.toString())).toEqual({
      errors: [{ message: 'Missing query', extensions: { code: 'BAD_REQUEST' } }],
    });
    const none = await rawAnswer(tested.url, { body: {}, headers: { accept: 'image/png' } });
    expect(none.status).toBe(406);
  });
});

it.each(['defer', 'stream'])('@%s is refused with a code and with what to do', async (name) => {
  await using tested = await startServer();
  const query = `{ account { id ... @${name} { name } } }`;
  const { body } = await rawAnswer(tested.url, { body: { query } });
  expect(JSON.parse(body.toString())).toEqual({
    errors: [
      {
        message: `@${name} is not supported: remove it, as answers are sent as a whole`,
        locations: [{ line: 1, column: 20 }],
        extensions: { code: 'INCREMENTAL_DELIVERY_NOT_SUPPORTED' },
      },
    ],
  });
});

it('the weights of Accept decide', () => {
  expect(readAccept(undefined)).toEqual({ json, stream: false });
  expect(readAccept('text/html')).toEqual({ json: null, stream: false });
  expect(readAccept(`${json};q=0, text/event-stream;q=0`)).toEqual({ json: null, stream: false });
  expect(readAccept(`${json};charset=latin1, ${graphql};charset=UTF-8`)).toEqual({
    json: graphql,
    stream: false,
  });
  expect(readAccept('Text/Event-Stream, */*;q=0.1')).toEqual({ json, stream: true });
});
