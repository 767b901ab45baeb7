import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { createSubmitMutation } from '../../src/api/submit-mutation.ts';
import { issueToken } from '../../src/api/transport/token.ts';
import { modules } from '../../src/contexts/all.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { subscribe } from '../support/live.ts';
import { clockOf } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { accepted, createTradingClient } from '../support/trading-client.ts';
import { until } from '../support/until.ts';
import { rawAnswer } from './transport/raw-answer.ts';
import { openSocket } from './transport/test-socket.ts';

const jwtSecret = 'a secret of at least 32 characters, for tests only';
let server: TestServer;
let accountId: string;

beforeAll(async () => {
  server = await createTestServer();
  accountId = randomUUID();
  await accepted(client().command('openAccount', { accountId, owner: 'Ada', currency: 'EUR' }));
});
afterAll(() => server.dispose());

const client = () => createTradingClient(server);

interface Seen {
  readonly id: string;
  readonly name: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly events: readonly { readonly sequence: string; readonly commandId: string }[];
  readonly sequence: string;
  readonly recordedAt: string;
  readonly idempotencyKey: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly transport: string;
}

const fields = `id name actor roles input outcome code message events { sequence commandId }
  sequence recordedAt idempotencyKey correlationId causationId transport`;

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: Seen }[];
  readonly nodes: readonly Seen[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const pageQuery = `query Q($filter: CommandFilter, $first: Int, $after: String, $last: Int,
    $before: String, $asOf: Moment) {
  commands(filter: $filter, first: $first, after: $after, last: $last, before: $before,
    asOf: $asOf) {
    edges { cursor node { ${fields} } } nodes { ${fields} }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function page(variables: Readonly<Record<string, unknown>> = {}): Promise<Page> {
  const { data, errors } = await server.send<{ commands: Page }>(pageQuery, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.commands;
}

async function latest(filter: object = {}): Promise<Seen | undefined> {
  return (await page({ filter, last: 1 })).nodes[0];
}

const depositOf = (id: string, more = '') =>
  `mutation { depositCash(input: { accountId: "${id}", amount: "1.00" ${more} }) {
    __typename ... on CommandPayload { sequence events { commandId } } } }`;

test('a command is found by its id, with its events, at the answer of its mutation', async () => {
  const answer = await server.send<{
    depositCash: { sequence: string; events: { commandId: string }[] };
  }>(depositOf(accountId, ', idempotencyKey: "found", occurredAt: "2026-01-05T09:00:00Z"'));
  const { sequence, events } = answer.data.depositCash;
  const id = events[0]?.commandId ?? '';
  const query = `query Q($id: ID!) { command(id: $id) { ${fields} } }`;
  const { data } = await server.send<{ command: Seen }>(query, { id: id.toUpperCase() });
  expect(data.command).toMatchObject({
    id,
    name: 'depositCash',
    actor: 'operator',
    roles: expect.arrayContaining(['OPERATOR', 'ADMIN']),
    input: { accountId, amount: '1.00', occurredAt: '2026-01-05T09:00:00.000000Z' },
    outcome: 'ACCEPTED',
    code: null,
    message: null,
    events: [{ sequence, commandId: id }],
    sequence,
    idempotencyKey: 'found',
    correlationId: id,
    causationId: null,
    transport: 'http',
  });
  for (const none of [randomUUID(), 'nothing', '']) {
    expect(await server.send(query, { id: none })).toMatchObject({ data: { command: null } });
  }
});

test('a rejection is seen by the next read of its actor, and malformed input never', async () => {
  const before = (await page({ last: 500 })).nodes.length;
  await server.send(
    `mutation { withdrawCash(input: { accountId: "${accountId}", amount: "900.00" }) { __typename } }`,
  );
  expect(await latest()).toMatchObject({
    name: 'withdrawCash',
    outcome: 'REJECTED',
    code: 'INSUFFICIENT_FUNDS',
    message: expect.any(String),
    events: [],
  });
  await server.send(depositOf(accountId, ', occurredAt: "2999-01-01T00:00:00Z"'));
  await server.send(depositOf(accountId, ', dryRun: true'));
  expect((await page({ last: 500 })).nodes).toHaveLength(before + 1);
});

test('the record says by which transport its command came', async () => {
  const query = depositOf(accountId);
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
  expect(await response.text()).toContain('DepositCashPayload');
  expect(await latest()).toMatchObject({ transport: 'sse' });
  {
    await using socket = await openSocket(`${server.url}/graphql`);
    await socket.init();
    socket.subscribe('1', query);
    await until(() => socket.received.some(({ type }) => type === 'complete'));
    expect(await latest()).toMatchObject({ transport: 'websocket' });
  }
  const submit = createSubmitMutation({
    schema: buildSchema(modules),
    engine: server.engine,
    logger: silentLogger,
  });
  await submit({
    mutation: 'depositCash',
    input: { accountId, amount: '1.00' },
    idempotencyKey: 'place 7',
    actor: 'payments',
    signal: new AbortController().signal,
    order: { isBroken: false },
  });
  // Another actor reads what the views have reached.
  await until(async () => (await latest())?.transport === 'bridge');
  expect(await latest()).toMatchObject({
    transport: 'bridge',
    actor: 'payments',
    idempotencyKey: 'place 7',
    roles: ['OPERATOR', 'MARKET'],
  });
});

test('a command of a process is recorded with the event that caused it', async () => {
  const { command: send } = client();
  await accepted(
    send('listInstrument', {
      symbol: 'MSFT',
      name: 'M',
      currency: 'EUR',
      tickSize: '0.01',
      lotSize: '1',
    }),
  );
  await accepted(send('depositCash', { accountId, amount: '50.00' }));
  const expiresAt = addMicroseconds(await clockOf(server.database), 700_000);
  const placed = await accepted(
    send('placeOrder', {
      accountId,
      symbol: 'MSFT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTD',
      quantity: '1',
      limitPrice: '10.00',
      expiresAt,
    }),
  );
  const filter = { outcome: 'ACCEPTED', names: ['expireOrder'] };
  await until(async () => (await latest(filter)) !== undefined, 15_000);
  const record = await latest(filter);
  expect(record?.transport).toBe('process');
  expect(record?.actor).toMatch(/^process:/);
  const causes = await page({ filter: { accountId, names: ['placeOrder'] } });
  expect(causes.nodes[0]?.events.map(({ sequence }) => sequence)).toContain(
    placed.events[0]?.sequence,
  );
  expect(record?.causationId).not.toBeNull();
  expect(record?.events.length).toBeGreaterThan(0);
});

test('pages meet without a gap, forwards and backwards, with and without a filter', async () => {
  for (const filter of [null, { accountId }, { names: ['depositCash', 'withdrawCash'] }]) {
    const whole = await page({ filter, first: 500 });
    const ids = whole.nodes.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(4);
    for (const isForward of [true, false]) {
      const walked: string[] = [];
      let cursor: string | null = null;
      for (let hasMore = true; hasMore; ) {
        const part: Page = await page(
          isForward ? { filter, first: 2, after: cursor } : { filter, last: 2, before: cursor },
        );
        const own = part.nodes.map(({ id }) => id);
        if (isForward) walked.push(...own);
        else walked.unshift(...own);
        const { hasNextPage, endCursor, hasPreviousPage, startCursor } = part.pageInfo;
        hasMore = isForward ? hasNextPage : hasPreviousPage;
        cursor = isForward ? endCursor : startCursor;
      }
      expect(walked).toEqual(ids);
    }
    // A cursor names the same place at every moment.
    const third = whole.edges[2];
    const after = await page({ filter, after: third?.cursor, asOf: whole.nodes.at(-1)?.sequence });
    expect(after.nodes.map(({ id }) => id)).toEqual(ids.slice(3));
  }
});

test('records are read as of a sequence number and as of a time', async () => {
  const { nodes } = await page({ first: 500 });
  for (const { sequence, recordedAt } of nodes.slice(2)) {
    const bySequence = await page({ first: 500, asOf: sequence });
    const upTo = nodes.filter((node) => Number(node.sequence) <= Number(sequence));
    expect(bySequence.nodes).toEqual(upTo);
    const byTime = await page({ first: 500, asOf: recordedAt });
    expect(byTime.nodes).toEqual(nodes.filter((node) => node.recordedAt <= recordedAt));
    const range = await page({ filter: { from: recordedAt, to: addMicroseconds(recordedAt, 1) } });
    expect(range.nodes.map((node) => node.recordedAt)).toContain(recordedAt);
    expect(new Set(range.nodes.map((node) => node.recordedAt)).size).toBe(1);
  }
});

test('two fields of one operation see the same records', async () => {
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      await server.send(
        `mutation { withdrawCash(input: { accountId: "${accountId}", amount: "900.00" }) {
          __typename } }`,
      );
    }
  })();
  for (let round = 0; round < 20; round += 1) {
    const { data } = await server.send<Record<'a' | 'b', { nodes: readonly { id: string }[] }>>(
      '{ a: commands(last: 1) { nodes { id } } log { sequence } b: commands(last: 1) { nodes { id } } }',
    );
    expect(data.a).toEqual(data.b);
  }
  isOver = true;
  await writing;
});

test('caches keep an answer only if no more records can have its sequence number', async () => {
  const get = (asOf: string) => {
    const query = `{ commands(asOf: "${asOf}", last: 1) { nodes { id } } }`;
    return rawAnswer(`${server.url}/graphql?${new URLSearchParams({ query })}`, { headers: {} });
  };
  const { data } = await server.send<{ log: { sequence: string; recordedAt: string } }>(
    '{ log { sequence recordedAt } }',
  );
  const { sequence, recordedAt } = data.log;
  expect((await get(sequence)).headers['cache-control']).toBe('no-store');
  expect((await get(String(Number(sequence) - 1))).headers['cache-control']).toContain('immutable');
  expect((await get(recordedAt)).headers['cache-control']).toContain('immutable');
});

test('what cannot be answered is refused', async () => {
  const bad: readonly (readonly [variables: object, message: string])[] = [
    [{ filter: { names: [] } }, 'names must not be empty'],
    [{ filter: { names: Array(101).fill('x') } }, 'at most 100'],
    [{ filter: { actor: ' ' } }, 'actor must not be empty'],
    [{ filter: { accountId: 'x' } }, 'accountId must be a UUID'],
    [{ filter: { correlationId: '' } }, 'correlationId must have'],
    [{ filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-02T00:00:00Z' } }, 'later than from'],
    [{ after: 'x' }, 'is not a cursor'],
    [{ after: '2026-01-02T00:00:00.000000Z/01' }, 'is not a cursor'],
    [{ before: '2026-13-02T00:00:00.000000Z/1' }, 'is not a cursor'],
    [{ first: 501 }, '0 to 500'],
    [{ asOf: '999999' }, 'beyond the head'],
  ];
  for (const [variables, message] of bad) {
    const answer = await server.send(pageQuery, { ...variables });
    expect(answer.errors?.[0]?.extensions['code'], message).toBe('BAD_USER_INPUT');
    expect(answer.errors?.[0]?.message).toContain(message);
  }
  for (const field of ['commands { nodes { id } }', `command(id: "${accountId}") { id }`]) {
    const live = subscribe(server.url, `subscription { live { ${field} } }`);
    await expect(live.until(() => false)).rejects.toMatchObject([
      { extensions: { code: 'CANNOT_BE_LIVE' } },
    ]);
    await live.cut();
  }
});

test('actors with tokens are recorded with the roles of their tokens', async () => {
  const other = await createTestServer({ jwtSecret });
  try {
    const token = await issueToken(
      { jwt: { secret: jwtSecret } },
      { actor: 'ünï "x"', roles: ['MARKET', 'OPERATOR'], hours: 1 },
    );
    const headers = { authorization: `Bearer ${token}` };
    const id = randomUUID();
    await other.send(
      `mutation { openAccount(input: { accountId: "${id}", owner: "O", currency: "EUR" }) { __typename } }`,
      {},
      headers,
    );
    const stranger = await issueToken(
      { jwt: { secret: jwtSecret } },
      { actor: 'stan', roles: [], hours: 1 },
    );
    const hidden = await other.send(
      `mutation { withdrawCash(input: { accountId: "${id}", amount: "1.00" }) {
        ... on Error { code } } }`,
      {},
      { authorization: `Bearer ${stranger}` },
    );
    expect(hidden).toMatchObject({ data: { withdrawCash: { code: 'ACCOUNT_NOT_FOUND' } } });
    const last = await other.send<{ commands: Page }>(pageQuery, { last: 1 }, headers);
    expect(last.data.commands.nodes[0]).toMatchObject({
      actor: 'stan',
      roles: ['CUSTOMER'],
      outcome: 'FORBIDDEN',
      code: 'ACCOUNT_NOT_FOUND',
      input: { accountId: id },
    });
    const ofActor = { filter: { actor: 'ünï "x"' }, last: 1 };
    const { data } = await other.send<{ commands: Page }>(pageQuery, ofActor, headers);
    expect(data.commands.nodes[0]).toMatchObject({
      actor: 'ünï "x"',
      roles: ['OPERATOR', 'MARKET'],
    });
  } finally {
    await other.dispose();
  }
});
