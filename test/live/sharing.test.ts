import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

/** Reads an account, and the log once for each execution. */
const query = `subscription S($id: ID!) { account(id: $id) {
  sequence account { balance history(last: 1) { nodes { type } } } } }`;
const eventsQuery = 'subscription S { events { sequence event { type data } } }';

async function open(): Promise<string> {
  const id = randomUUID();
  await server.send(
    `mutation M($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) { __typename } }`,
    { id },
  );
  return id;
}

async function deposit(id: string): Promise<void> {
  await server.send(
    `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) { __typename } }`,
    { id },
  );
}

interface RawSubscriber {
  /** The `next` messages as they arrived. */
  readonly messages: readonly string[];
  readonly socket: WebSocket;
}

/** A subscriber that keeps the messages as they arrive. */
async function listen(text: string, variables: object = {}): Promise<RawSubscriber> {
  const messages: string[] = [];
  const url = `${server.url.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, 'graphql-transport-ws');
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const message = String(data);
      if (message.includes('"type":"next"')) messages.push(message);
      if (message.includes('connection_ack')) {
        const payload = { query: text, variables };
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
        resolve();
      }
    });
  });
  return { messages, socket };
}

async function listenAll(count: number, id: string): Promise<readonly RawSubscriber[]> {
  const all = await Promise.all(Array.from({ length: count }, () => listen(query, { id })));
  await until(() => all.every(({ messages }) => messages.length === 1));
  return all;
}

/** Returns the number of statements sent during some work, by name. */
async function countStatements(work: () => Promise<void>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const spy = vi.spyOn(server.database, 'query');
  try {
    await work();
    for (const [{ name }] of spy.mock.calls) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  } finally {
    spy.mockRestore();
  }
}

function close(all: readonly RawSubscriber[]): void {
  for (const { socket } of all) socket.terminate();
}

test('identical subscribers get the same bytes from one read and one execution per event', async () => {
  const id = await open();
  const all = await listenAll(20, id);
  const counts = await countStatements(async () => {
    for (let count = 0; count < 5; count += 1) {
      await deposit(id);
      await until(() => all.every(({ messages }) => messages.length === count + 2));
    }
  });
  for (const { messages } of all) expect(messages).toEqual(all[0]?.messages);
  expect(all[0]?.messages.at(-1)).toContain('"balance":"5.00"');
  expect(counts.get('document_at')).toBe(5);
  const reads = [...counts].filter(([name]) => name.startsWith('events_by_stream'));
  expect(reads.map(([, count]) => count)).toEqual([5]);
  close(all);
});

test('subscribers to events get the same bytes', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => listen(eventsQuery)));
  const id = await open();
  for (let count = 0; count < 3; count += 1) await deposit(id);
  await until(() => all.every(({ messages }) => messages.length >= 4));
  for (const { messages } of all) expect(messages).toEqual(all[0]?.messages);
  close(all);
});

test('subscribers with other variables get only their own document', async () => {
  const [first, second] = [await open(), await open()];
  const [ofFirst] = await listenAll(1, first);
  const [ofSecond, another] = await listenAll(2, second);
  await deposit(second);
  await until(() => ofSecond?.messages.length === 2 && another?.messages.length === 2);
  await deposit(first);
  await until(() => ofFirst?.messages.length === 2);
  expect(ofSecond?.messages).toHaveLength(2);
  close([ofFirst, ofSecond, another].filter((each) => each !== undefined));
});

test('a subscriber that leaves or arrives later does not disturb the others', async () => {
  const id = await open();
  const [first, second] = await listenAll(2, id);
  await deposit(id);
  await until(() => second?.messages.length === 2);
  first?.socket.terminate();
  const [third] = await listenAll(1, id);
  await deposit(id);
  await until(() => second?.messages.length === 3 && third?.messages.length === 2);
  expect(third?.messages.at(-1)).toBe(second?.messages.at(-1));
  close([second, third].filter((each) => each !== undefined));
  await until(() => server.engine.watcher.watching() === 0);
});

test('a subscriber that does not read does not keep the others from their frames', async () => {
  const id = await open();
  const [stalled, ...others] = await listenAll(3, id);
  stalled?.socket.pause();
  for (let count = 0; count < 50; count += 1) await deposit(id);
  await until(() => others.every(({ messages }) => messages.at(-1)?.includes('"50.00"') ?? false));
  stalled?.socket.resume();
  await until(() => stalled?.messages.at(-1)?.includes('"50.00"') ?? false);
  close([stalled, ...others].filter((each) => each !== undefined));
});
