import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { rawAnswer } from '../api/transport/raw-answer.ts';
import { createRestorableDatabase, type RestorableDatabase } from '../support/restorable.ts';
import { type Answer, startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

type Server = Awaited<ReturnType<typeof startTestServer>>;

let restorable: RestorableDatabase;
let database: Database;
let server: Server;

beforeEach(async () => {
  restorable = await createRestorableDatabase();
  const { url } = restorable;
  database = createDatabase({ url, applicationName: 'server', poolMax: 4, log: silentLogger });
  server = await startTestServer(url, database);
});

afterEach(async () => {
  await server.stop();
  await database.stop();
  await restorable.dispose();
});

async function send(query: string, id = '', headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables: { id } }),
  });
  return (await response.json()) as Answer<Readonly<Record<string, { sequence: string }>>>;
}

async function open(): Promise<string> {
  const id = randomUUID();
  const query = `mutation M($id: ID) {
    openAccount(input: { accountId: $id, owner: "Ann", currency: "USD" }) { __typename } }`;
  await send(query, id);
  return id;
}

function deposit(id: string) {
  const query = `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) {
    ... on DepositCashPayload { sequence } } }`;
  return send(query, id);
}

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: {
    readonly data?: { readonly events?: { readonly sequence: string } };
    readonly [index: number]: { readonly extensions: { readonly code: string } };
  };
}

/** Subscriptions on one socket, and all messages on it. */
async function watch(queries: readonly string[]) {
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/graphql`,
    'graphql-transport-ws',
  );
  const messages: Message[] = [];
  socket.on('message', (text) => messages.push(JSON.parse(String(text))));
  const closed = once(socket, 'close');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await until(() => messages.some(({ type }) => type === 'connection_ack'));
  for (const [id, query] of queries.entries()) {
    socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query } }));
  }
  return { messages, closed };
}

test('subscriptions to a log that is restored end with the reason and can begin again', async () => {
  const id = await open();
  await restorable.keep();
  const socket = await watch([
    'subscription { events(after: "0") { sequence } }',
    `subscription { account(id: "${id}") { sequence } }`,
  ]);
  const stream = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { events(after: "0") { sequence } }' }),
  });
  const streamed = stream.text();
  for (let round = 0; round < 5; round += 1) await deposit(id);
  await until(() => socket.messages.some(({ payload }) => payload?.data?.events?.sequence === '6'));

  const waiting = send('{ log { sequence } }', '', { 'daybook-min-sequence': '7' });
  await restorable.restore();
  expect((await waiting).errors?.[0]?.extensions['code']).toBe('LOG_REPLACED');
  const [code, reason] = await socket.closed;
  expect([code, String(reason)]).toEqual([4410, 'the log was restored to an earlier state']);
  const ended = socket.messages.filter(({ type }) => type === 'error');
  expect(ended.map(({ id }) => id).sort()).toEqual(['0', '1']);
  for (const { payload } of ended) expect(payload?.[0]?.extensions.code).toBe('LOG_REPLACED');
  // The empty id makes a browser forget the last one.
  expect(await streamed).toMatch(/^id:\ndata: .*LOG_REPLACED[\s\S]*event: complete/m);

  const beyond = await send('{ log(asOf: "6") { sequence } }');
  expect(beyond.errors?.[0]?.message).toBe('sequence 6 is beyond the head of the log, 1');
  expect((await send('{ log { sequence } }')).data['log']?.sequence).toBe('1');
  const { data } = await deposit(id);
  expect(data['depositCash']?.sequence).toBe('2');
  const { messages } = await watch(['subscription { events(after: "0") { sequence } }']);
  await until(() => messages.filter(({ type }) => type === 'next').length === 3);
});

test('an answer about a moment has another tag if the log is restored and goes on otherwise', async () => {
  const id = await open();
  await restorable.keep();
  const query = `{ log(asOf: "2") { recordedAt } account(id: "${id}", asOf: "2") { balance } }`;
  const get = (headers: Readonly<Record<string, string>> = {}) =>
    rawAnswer(`${server.url}/graphql?query=${encodeURIComponent(query)}`, { headers });
  await deposit(id);
  const { headers } = await get();
  const known = { 'if-none-match': headers.etag ?? '' };
  expect((await get(known)).status).toBe(304);
  await restorable.restore();
  await until(async () => (await send('{ log { sequence } }')).data['log']?.sequence === '1');
  await deposit(id);
  const restored = await get(known);
  expect(restored.status).toBe(200);
  expect(restored.headers.etag).not.toBe(headers.etag);
});
