import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { issueToken } from '../../src/api/transport/token.ts';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import { startTestEngine } from '../support/engines.ts';
import { subscribe } from '../support/live.ts';
import { sql } from '../support/rows.ts';
import { type Answer, createTestServer, type TestServer } from '../support/server.ts';

const jwtSecret = 'a secret of at least 32 characters';
const actors = ['ann', 'bob', 'cem', 'dea'];
let server: TestServer;
let headers: ReadonlyMap<string, Readonly<Record<string, string>>>;
beforeAll(async () => {
  server = await createTestServer({ jwtSecret });
  const jwt = { secret: jwtSecret };
  const tokens = actors.map((actor) =>
    issueToken({ jwt }, { actor, roles: ['OPERATOR'], hours: 1 }),
  );
  const entries = (await Promise.all(tokens)).map(
    (token, index) => [actors[index] ?? '', { authorization: `Bearer ${token}` }] as const,
  );
  headers = new Map(entries);
});
afterAll(() => server.dispose());

interface Command {
  readonly code?: string;
  readonly sequence: string;
}
interface AccountData {
  readonly account: { readonly balance: string };
}
type Read = (actor: string, accountId: string) => Promise<string>;

const balanceQuery = 'query Q($id: ID!) { account(id: $id) { balance } }';

async function command(actor: string, name: string, input: object): Promise<Command> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const query = `mutation M($input: ${type}Input!) { ${name}(input: $input) {
    ... on ${type}Payload { sequence } ... on Error { code } } }`;
  const answer = await server.send<Readonly<Record<string, Command>>>(
    query,
    { input },
    headers.get(actor),
  );
  const result = answer.data[name];
  if (result === undefined) throw new Error(JSON.stringify(answer));
  return { ...result, sequence: answer.extensions.daybook.sequence };
}

async function open(actor: string): Promise<string> {
  const accountId = randomUUID();
  await command(actor, 'openAccount', { accountId, owner: actor, currency: 'EUR' });
  return accountId;
}

const deposit = (actor: string, accountId: string): Promise<Command> =>
  command(actor, 'depositCash', { accountId, amount: '1.00' });

function ask(actor: string, id: string): Promise<Answer<AccountData>> {
  return server.send<AccountData>(balanceQuery, { id }, headers.get(actor));
}

const byPost: Read = async (actor, id) => (await ask(actor, id)).data.account.balance;

const byGet: Read = async (actor, id) => {
  const parameters = new URLSearchParams({
    query: balanceQuery,
    variables: JSON.stringify({ id }),
  });
  const response = await fetch(`${server.url}/graphql?${parameters}`, {
    headers: { ...headers.get(actor), accept: 'application/json' },
  });
  return ((await response.json()) as Answer<AccountData>).data.account.balance;
};

const byEventStream: Read = async (actor, id) => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      ...headers.get(actor),
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query: balanceQuery, variables: { id } }),
  });
  const [, frame = ''] = /^data: (\{.*\})$/m.exec(await response.text()) ?? [];
  return (JSON.parse(frame) as Answer<AccountData>).data.account.balance;
};

const bySocket: Read = async (actor, id) => {
  const live = subscribe<AccountData>(server.url, balanceQuery, { id }, headers.get(actor));
  await live.until((frames) => frames.length === 1);
  await live.cut();
  return live.frames[0]?.account.balance ?? '';
};

const firstFrame: Read = async (actor, id) => {
  const query = 'subscription S($id: ID!) { account(id: $id) { account { balance } } }';
  const live = subscribe<{ account: AccountData }>(server.url, query, { id }, headers.get(actor));
  await live.until((frames) => frames.length > 0);
  await live.cut();
  return live.frames[0]?.account.account.balance ?? '';
};

/** Stops the views at their checkpoint while the work runs. */
async function whileViewsStop(work: () => Promise<void>): Promise<void> {
  await server.database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    await work();
  });
}

interface Asked {
  isAnswered(): boolean;
  readonly balance: Promise<string>;
}

function isAsking(actor: string, accountId: string): Asked {
  let isAnswered = false;
  const balance = byPost(actor, accountId).finally(() => {
    isAnswered = true;
  });
  return { isAnswered: () => isAnswered, balance };
}

test('each actor reads its own writes at once over every transport, under load', async () => {
  const ways = [byPost, byGet, byEventStream, bySocket, firstFrame];
  let isOver = false;
  const load = actors.map(async (actor) => {
    const accountId = await open(actor);
    while (!isOver) await deposit(actor, accountId);
  });
  const reading = actors.map(async (actor) => {
    const accountId = await open(actor);
    for (let count = 1; count <= 25; count += 1) {
      await deposit(actor, accountId);
      const read = ways[count % ways.length] ?? byPost;
      expect(await read(actor, accountId), read.name).toBe(`${count}.00`);
    }
  });
  await Promise.all(reading).finally(() => {
    isOver = true;
  });
  await Promise.all(load);
});

test('a query waits for the writes of the same actor and not for those of others', async () => {
  const accountId = await open('ann');
  expect(await byPost('ann', accountId)).toBe('0.00');
  let asked: Asked | undefined;
  await whileViewsStop(async () => {
    await deposit('ann', accountId);
    asked = isAsking('ann', accountId);
    for (let times = 0; times < 5; times += 1) {
      expect(await byPost('bob', accountId)).toBe('0.00');
    }
    expect(asked.isAnswered()).toBe(false);
  });
  expect(await asked?.balance).toBe('1.00');
});

test('a query waits for the events on which a rejection was decided', async () => {
  const accountId = await open('bob');
  expect(await byPost('bob', accountId)).toBe('0.00');
  let asked: Asked | undefined;
  await whileViewsStop(async () => {
    await deposit('bob', accountId);
    const refused = await command('cem', 'withdrawCash', { accountId, amount: '2.00' });
    expect(refused).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    asked = isAsking('cem', accountId);
    expect(await byPost('dea', accountId)).toBe('0.00');
    expect(asked.isAnswered()).toBe(false);
  });
  expect(await asked?.balance).toBe('1.00');
});

test('a query waits for the events that its actor has seen', async () => {
  const accountId = await open('bob');
  expect(await byPost('bob', accountId)).toBe('0.00');
  const query = 'subscription S { events { sequence event { type } } }';
  const live = subscribe<{ events: { sequence: string } }>(
    ...([server.url, query, {}, headers.get('cem')] as const),
  );
  await live.until((frames) => frames.length === 1);
  let asked: Asked | undefined;
  await whileViewsStop(async () => {
    const { sequence } = await deposit('bob', accountId);
    await live.until((frames) => frames.at(-1)?.events.sequence === sequence);
    asked = isAsking('cem', accountId);
    expect(await byPost('dea', accountId)).toBe('0.00');
    expect(asked.isAnswered()).toBe(false);
  });
  expect(await asked?.balance).toBe('1.00');
  await live.cut();
});

test('own writes that do not become visible in time are SEQUENCE_NOT_REACHED', async () => {
  const accountId = await open('ann');
  await whileViewsStop(async () => {
    await deposit('ann', accountId);
    const { errors } = await ask('ann', accountId);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'SEQUENCE_NOT_REACHED' });
  });
});

/** Keeps the feed of the server, and its views with it, from reading the log. */
function holdFeed(): () => void {
  const { database } = server;
  const { query: read } = database;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const spy = vi.spyOn(database, 'query');
  spy.mockImplementation(async (query, values) => {
    if (query.name === 'events') await released;
    return read(query, values) as never;
  });
  return () => {
    release();
    spy.mockRestore();
  };
}

test('a first frame is not older than an own write that the feed has not reached', async () => {
  const id = await open('ann');
  expect(await byPost('ann', id)).toBe('0.00');
  const contexts = modules.map(({ context }) => context);
  const another = await startTestEngine(server.databaseUrl, contexts);
  const release = holdFeed();
  try {
    // What another process has appended in between has to be read first.
    await another.accept(openAccount, { owner: 'Eve', currency: 'EUR' });
    await deposit('ann', id);
    const query = 'subscription S($id: ID!) { portfolio(accountId: $id) { portfolio { cash } } }';
    const live = subscribe<object>(server.url, query, { id }, headers.get('ann'));
    const account = firstFrame('ann', id);
    const events = subscribe<{ events: { sequence: string } }>(
      ...([server.url, 'subscription { events { sequence } }', {}, headers.get('ann')] as const),
    );
    for (let times = 0; times < 20; times += 1) expect(await byPost('bob', id)).toBe('0.00');
    release();
    expect(await account).toBe('1.00');
    await live.until((frames) => frames.length > 0);
    expect(live.frames[0]).toEqual({ portfolio: { portfolio: { cash: '1.00' } } });
    await live.cut();
    // This subscription starts after the answered writes.
    const { sequence } = await deposit('ann', id);
    await events.until((frames) => frames.length > 1);
    expect(events.frames.map((frame) => Number(frame.events.sequence))).toEqual([
      Number(sequence) - 1,
      Number(sequence),
    ]);
    await events.cut();
  } finally {
    release();
    await another.stop();
  }
});
