import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../support/server.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let accountId: string;
beforeAll(async () => {
  server = await createTestServer();
  accountId = randomUUID();
  await server.send(
    `mutation M($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) {
      __typename } }`,
    { id: accountId },
  );
});
afterAll(() => server.dispose());

async function deposit(times: number): Promise<void> {
  const query = `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) {
    __typename } }`;
  for (let time = 0; time < times; time += 1) await server.send(query, { id: accountId });
}

interface StreamEvent {
  readonly id: string | null;
  readonly data: Readonly<Record<string, { readonly sequence?: string } | null>>;
}

/** Reads a stream until it has sent so many events; returns them. */
async function read(
  count: number,
  query: string,
  lastEventId?: string,
): Promise<readonly StreamEvent[]> {
  const abort = new AbortController();
  const search = new URLSearchParams({ query });
  const response = await fetch(`${server.url}/graphql?${search}`, {
    headers: { accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const events = (): StreamEvent[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => block.startsWith('event: next\n'))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1] ?? null,
        data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null').data,
      }));
  while (events().length < count) text += (await reader?.read())?.value ?? '';
  abort.abort();
  return events().slice(0, count);
}

const idsOf = (events: readonly StreamEvent[]) => events.map(({ id }) => id);

test('every frame of a stream has its sequence number as its id, even if it is not selected', async () => {
  await deposit(3);
  const all = await read(4, 'subscription { events(after: "0") { event { type } } }');
  expect(idsOf(all)).toEqual(['0', '1', '2', '3']);
  const [state] = await read(1, `subscription { account(id: "${accountId}") { sequence } }`);
  expect(state?.id).toBe(state?.data['account']?.sequence);
  const progress = await read(
    2,
    'subscription { events(after: "0", filter: { types: ["AccountClosed"] }) { sequence event { id } } }',
  );
  expect(progress[1]).toMatchObject({ data: { events: { event: null } } });
  expect(progress[1]?.id).toBe(progress[1]?.data['events']?.sequence);
});

test('a stream with a Last-Event-ID begins after it, whatever the document says', async () => {
  const fields = 'sequence event { type }';
  const documents = [
    `subscription { events(after: "0") { ${fields} } }`,
    `subscription { events { ${fields} } }`,
    `subscription S($after: Sequence = "0") { events(after: $after) { ${fields} } }`,
    `subscription { ...F } fragment F on Subscription { events(after: "0") { ${fields} } }`,
    `subscription { ... on Subscription { events(after: "0") { ${fields} } } }`,
  ];
  for (const query of documents) {
    expect(idsOf(await read(3, query, '2')), query).toEqual(['2', '3', '4']);
  }
});

test('a Last-Event-ID does no harm to the subscription to a state', async () => {
  const query = `subscription { account(id: "${accountId}") { sequence } }`;
  expect(await read(1, query, '1')).toEqual(await read(1, query));
});

test.each(['x', '-1', '1.5', '1e3', '99999999999999999999'])(
  'the Last-Event-ID %s is refused',
  async (lastEventId) => {
    const response = await fetch(`${server.url}/graphql?query=subscription{events{sequence}}`, {
      headers: { accept: 'text/event-stream', 'last-event-id': lastEventId },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: `Last-Event-ID must be a sequence number like 42, not ${lastEventId}`,
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
  },
);

test('a Last-Event-ID beyond the head of the log is a typed error', async () => {
  const response = await fetch(`${server.url}/graphql?query=subscription{events{sequence}}`, {
    headers: { accept: 'text/event-stream', 'last-event-id': '1000' },
  });
  expect(await response.text()).toContain('"code":"BAD_USER_INPUT"');
});

test('graphql-sse runs queries and mutations, and resumes a subscription after each cut', async () => {
  const proxy = await createTcpProxy(server.url);
  let last: string | null = null;
  const client = createClient({
    url: `${proxy.url}graphql`,
    headers: (): Record<string, string> => (last === null ? {} : { 'last-event-id': last }),
    retryAttempts: 100,
    retry: async () => {},
  });
  async function execute(query: string) {
    for await (const { data } of client.iterate({ query })) return data as Record<string, unknown>;
    throw new Error('there is no result');
  }

  const { log } = (await execute('{ log { sequence } }')) as { log: { sequence: string } };
  const deposits = `mutation { depositCash(input: { accountId: "${accountId}", amount: "1.00" }) {
    __typename } }`;
  expect(await execute(deposits)).toEqual({ depositCash: { __typename: 'DepositCashPayload' } });
  const seen: number[] = [];
  const query =
    'subscription S($after: Sequence) { events(after: $after) { sequence event { id } } }';
  const stop = client.subscribe<{ events: { sequence: string; event: object | null } }>(
    { query, variables: { after: log.sequence } },
    {
      next({ data }) {
        if (!data) return;
        last = data.events.sequence;
        if (data.events.event !== null) seen.push(Number(last));
      },
      error() {},
      complete() {},
    },
  );
  const head = Number(log.sequence);
  for (let round = 1; round <= 3; round += 1) {
    await deposit(5);
    await until(() => seen.length > (round - 1) * 10);
    proxy.cut();
    await deposit(5);
  }
  await until(() => seen.at(-1) === head + 31);
  expect(seen).toEqual(Array.from({ length: 31 }, (_, index) => head + index + 1));
  stop();
  client.dispose();
  await proxy.stop();
});
