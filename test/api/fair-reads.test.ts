import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRequestContext } from '../../src/api/request-context.ts';
import { issueToken } from '../../src/api/transport/token.ts';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import { countWaiting, sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const jwt = { secret: 'a secret of thirty-two characters' };
let server: TestServer;
let impatient: TestServer;

beforeAll(async () => {
  server = await createTestServer({ jwtSecret: jwt.secret });
  impatient = await createTestServer({ readTimeoutMs: 300 });
  const open = `mutation { openAccount(input: { owner: "Bob", currency: "EUR" }) { __typename } }`;
  await send('bob', open);
  await send('bob', '{ events { nodes { id } } }');
});
afterAll(async () => {
  await server.dispose();
  await impatient.dispose();
});

async function send<Data>(actor: string, query: string) {
  const token = await issueToken({ jwt }, { actor, roles: ['OPERATOR'], hours: 1 });
  return server.send<Data>(query, {}, { authorization: `Bearer ${token}` });
}

/** Reads of accounts in one operation. */
const many = `{ ${Array.from(
  { length: 50 },
  (_, index) => `a${index}: account(id: "${randomUUID()}") { id }`,
).join(' ')} }`;

/** Keeps every read of views waiting in the database until the work is done. */
function whileViewsWait<Value>(
  { database }: TestServer,
  work: (countRead: () => Promise<number>) => Promise<Value>,
): Promise<Value> {
  // A separate connection looks, because a transaction always sees the same list of statements.
  return database.withConnection((looking) =>
    database.withConnection(async (locking) => {
      await sql(locking, 'begin');
      await sql(locking, 'lock table view_documents in access exclusive mode');
      try {
        return await work(() => countWaiting(looking, 'document_at'));
      } finally {
        await sql(locking, 'rollback');
      }
    }),
  );
}

test('an actor whose reads all hang leaves connections to other actors and to the engine', async () => {
  const { answers } = await whileViewsWait(server, async (countRead) => {
    const answers = Promise.all(Array.from({ length: 4 }, () => send('ann', many)));
    await until(async () => (await countRead()) >= 5);
    const { data } = await send<{ events: { nodes: unknown[] } }>(
      'bob',
      '{ events(first: 1) { nodes { id } } }',
    );
    expect(data.events.nodes).toHaveLength(1);
    expect((await server.engine.log.head()).sequence).toBe(1);
    expect(await countRead()).toBe(5);
    return { answers };
  });
  for (const { errors } of await answers) expect(errors).toBeUndefined();
});

test('an operation whose reads all hang leaves connections to other operations of its actor', async () => {
  const { answer } = await whileViewsWait(server, async (countRead) => {
    const answer = send('ann', many);
    await until(async () => (await countRead()) >= 3);
    const { errors } = await send('ann', '{ events(first: 1) { nodes { id } } }');
    expect(errors).toBeUndefined();
    expect(await countRead()).toBe(3);
    return { answer };
  });
  expect((await answer).errors).toBeUndefined();
});

test('reads of a caller that has gone are dropped before their turn', async () => {
  const gone = new AbortController();
  const context = createRequestContext(server.engine, {
    actor: 'cid',
    roles: ['OPERATOR'],
    transport: 'http',
    minSequence: null,
    correlationId: null,
    signal: gone.signal,
  });
  const { reads } = await whileViewsWait(server, async (countRead) => {
    const reads = Promise.allSettled(
      Array.from({ length: 10 }, () => context.views.document(accountsView, randomUUID(), 1)),
    );
    await until(async () => (await countRead()) >= 3);
    gone.abort();
    return { reads };
  });
  const outcomes = (await reads).map((read) =>
    read.status === 'fulfilled' ? read.value : read.reason.name,
  );
  expect(outcomes).toEqual([...Array(3).fill(null), ...Array(7).fill('AbortError')]);
});

test('a query that takes too long is stopped with QUERY_TIMEOUT, and its connection is kept', async () => {
  const pids = async () =>
    sql<{ pid: number }>(
      impatient.database,
      `select pid from pg_stat_activity where application_name = 'daybook test reads'
        and datname = current_database() order by pid`,
    );
  const query = `{ account(id: "${randomUUID()}") { id } }`;
  expect(await impatient.send(query)).toMatchObject({ data: { account: null } });
  const before = await pids();
  const { errors } = await whileViewsWait(impatient, () => impatient.send(query));
  expect(errors).toMatchObject([
    {
      message: 'the query was stopped after 10 s: request less data',
      extensions: { code: 'QUERY_TIMEOUT' },
    },
  ]);
  expect(await impatient.send(query)).toMatchObject({ data: { account: null } });
  expect(await pids()).toEqual(before);
});
