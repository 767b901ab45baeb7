import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { subscribe } from '../support/live.ts';
import { createLiveMarket, liveQueries, readingNow } from '../support/live-market.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../support/trading-client.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Frame {
  readonly live: Readonly<Record<string, unknown>> & { readonly sequence: string };
}

const live = (query: string) =>
  subscribe<Frame>(server.url, `subscription { live { sequence ${readingNow(query)} } }`);

const framesMin = Number(process.env['DAYBOOK_TEST_FRAMES'] ?? 1_000);

test(`${framesMin} frames are the answers as of their sequence numbers, and the last is never missed`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const market = await createLiveMarket(client, seed);
  const queries = liveQueries(market);
  const watched = queries.map((query) => ({ query, live: live(query) }));
  const count = () => watched.reduce((sum, each) => sum + each.live.frames.length, 0);
  while (count() < framesMin) {
    await Promise.all([market.act(), market.act(), market.act()]);
  }
  for (const { query, live: own } of watched) {
    // A process manager may still record events.
    const isCurrent = async () => textOf(own.frames.at(-1)) === (await answerNow(query));
    await until(isCurrent, 15_000).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${query} ended with ${textOf(own.frames.at(-1))}`, {
        cause: error,
      });
    });
  }
  for (const { query, live: own } of watched) {
    for (const frame of own.frames) {
      const asOf = await answerAsOf(query, frame.live.sequence);
      expect(textOf(frame), `seed ${seed}: ${query}`).toBe(asOf);
    }
    await own.cut();
  }
}, 300_000);

/** The answer in a frame. */
function textOf(frame: Frame | undefined): string {
  const { sequence: _sequence, ...answer } = frame?.live ?? {};
  return JSON.stringify(answer);
}

const answerNow = async (query: string) => answerAsOf(query, await client.head());

async function answerAsOf(query: string, asOf: string): Promise<string> {
  const answer = await server.send(`query Q($asOf: Moment) { ${query} }`, { asOf });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return JSON.stringify(answer.data);
}

test('two fields of one frame are read at one sequence number', async () => {
  const [from, to] = [await client.open({ cash: '100.00' }), await client.open()];
  const sums = live(
    `from: account(id: "${from}") { balance } to: account(id: "${to}") { balance }`,
  );
  await sums.until((frames) => frames.length > 0);
  for (let n = 0; n < 50; n += 1) {
    const input = { fromAccountId: from, toAccountId: to, amount: '1.00' };
    await server.send(
      `mutation M($input: TransferCashInput!) { transferCash(input: $input) { __typename } }`,
      { input },
    );
  }
  const toText = '50.00';
  await sums.until((frames) => balanceOf(frames.at(-1), 'to') === toText);
  for (const frame of sums.frames) {
    const total = Number(balanceOf(frame, 'from')) + Number(balanceOf(frame, 'to'));
    // Between the two events of a transfer, the money is in transit.
    expect([99, 100]).toContain(total);
  }
  await sums.cut();
});

function balanceOf(frame: Frame | undefined, name: string): string {
  return (frame?.live[name] as { readonly balance: string } | undefined)?.balance ?? '';
}

test('a frame carries its sequence number in its extensions', async () => {
  const accountId = await client.open();
  const response = await fetch(
    `${server.url}/graphql?query=${encodeURIComponent(
      `subscription { live { sequence account(id: "${accountId}") { id accountId } } }`,
    )}`,
    { headers: { accept: 'text/event-stream' } },
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!/^data: .*\n/m.test(text)) text += (await reader?.read())?.value ?? '';
  await reader?.cancel();
  const frame = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '');
  expect(frame).toEqual({
    data: { live: { sequence: expect.any(String), account: { id: accountId, accountId } } },
    extensions: { daybook: { sequence: frame.data.live.sequence } },
  });
  expect(text).toContain(`id: ${frame.data.live.sequence}\n`);
});

test('a query that is left during its first read and entered again is answered', async () => {
  await Promise.all(Array.from({ length: 30 }, () => client.open({ cash: '1.00' })));
  const query = `subscription { live {
    accounts(first: 30) { nodes { id balance history(first: 3) { nodes { id } } } } } }`;
  const url = `${server.url.replace('http', 'ws')}/graphql`;
  const socket = createSocketClient({ url, webSocketImpl: WebSocket, lazy: false });
  for (let round = 0; round < 20; round += 1) {
    const leave = socket.subscribe({ query }, { next() {}, error() {}, complete() {} });
    await delay(round % 5);
    const again = socket.iterate({ query });
    leave();
    const { value } = await again.next();
    expect(value, `round ${round}`).toMatchObject({ data: { live: { accounts: {} } } });
    await again.return?.();
  }
  await socket.dispose();
});

test('a frame in which only its sequence number would differ is not sent', async () => {
  const accountId = await client.open({ cash: '5.00' });
  const watched = live(`at: sequence account(id: "${accountId}") { status held }`);
  const balance = live(`account(id: "${accountId}") { balance }`);
  for (const each of [watched, balance]) await each.until((frames) => frames.length === 1);
  for (let deposits = 1; deposits <= 3; deposits += 1) {
    await client.command('depositCash', { accountId, amount: '1.00' });
    await balance.until((frames) => frames.length === 1 + deposits);
  }
  await client.command('freezeAccount', { accountId });
  await watched.until((frames) => frames.length > 1);
  expect(watched.frames.map(({ live: { sequence, ...answer } }) => answer)).toEqual([
    { at: watched.frames[0]?.live.sequence, account: { status: 'OPEN', held: '0.00' } },
    { at: watched.frames[1]?.live.sequence, account: { status: 'FROZEN', held: '0.00' } },
  ]);
  for (const each of [watched, balance]) await each.cut();
});

test('what does not come from the log cannot be live', async () => {
  const records = 'commands { nodes { name } }';
  for (const field of ['views { name }', 'consumers { name }', 'bridges { name }', records]) {
    const refused = live(field);
    const message = `live cannot watch ${field.split(' ')[0]}, which are not in the log: query them instead`;
    await expect(refused.until(() => false)).rejects.toMatchObject([
      { message, extensions: { code: 'CANNOT_BE_LIVE' } },
    ]);
  }
});

test('an account that does not exist yet is sent when it is opened', async () => {
  const accountId = randomUUID();
  const waiting = live(`account(id: "${accountId}") { balance }`);
  await waiting.until((frames) => frames.length === 1);
  expect(waiting.frames[0]?.live['account']).toBeNull();
  await client.command('openAccount', { accountId, owner: 'Ada', currency: 'EUR' });
  await waiting.until((frames) => frames.length === 2);
  expect(waiting.frames[1]?.live['account']).toEqual({ balance: '0.00' });
  await waiting.cut();
});

test('a query is executed for the changes of what it reads, once for all identical ones', async () => {
  const [own, other] = [await client.open(), await client.open()];
  const query = `account(id: "${own}") { balance orders(first: 1) { nodes { orderId } } }`;
  const watching = server.engine.watcher.watching();
  const both = [live(query), live(query)];
  for (const each of both) await each.until((frames) => frames.length === 1);
  expect(server.engine.watcher.watching()).toBe(watching + 1);
  const reading = vi.spyOn(server.engine.reads.views, 'document');
  const deposit = (accountId: string) =>
    accepted(client.command('depositCash', { accountId, amount: '1.00' }));
  for (let n = 0; n < 10; n += 1) await deposit(other);
  await deposit(own);
  for (const each of both) await each.until((frames) => frames.length === 2);
  const executions = reading.mock.calls.filter(
    ([{ name }, key]) => name === 'accounts' && key === own,
  );
  reading.mockRestore();
  // Each command reads the account for its answer, too.
  expect(executions).toHaveLength(1);
  for (const each of both) await each.cut();
});

test('a live query may have as many root fields as a query', async () => {
  const fields = (count: number) =>
    Array.from({ length: count }, (_, n) => `f${n}: log { sequence }`).join(' ');
  const within = live(fields(59));
  await within.until((frames) => frames.length > 0);
  await within.cut();
  await expect(live(fields(60)).until(() => false)).rejects.toMatchObject([
    { extensions: { code: 'QUERY_TOO_COMPLEX' } },
  ]);
});
