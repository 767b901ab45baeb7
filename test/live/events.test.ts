import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { createTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

interface Frame {
  readonly events: {
    readonly sequence: string;
    readonly event: {
      readonly sequence: string;
      readonly type: string;
      readonly id: string;
    } | null;
  };
}

const query = `subscription S($after: Sequence, $filter: EventFilter) {
  events(after: $after, filter: $filter) { sequence event { sequence type id } } }`;

async function open(): Promise<string> {
  const accountId = randomUUID();
  await server.send(
    `mutation M($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) { __typename } }`,
    { id: accountId },
  );
  return accountId;
}

async function deposit(accountId: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await server.send(
      `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) { __typename } }`,
      { id: accountId },
    );
  }
}

const sequencesOf = (frames: readonly Frame[]): number[] =>
  frames.flatMap(({ events }) => (events.event === null ? [] : [Number(events.event.sequence)]));

const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index + 1);

test('a subscriber that starts during concurrent writes sees every event once and in order', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, open));
  const writers = Promise.all(ids.map((id) => deposit(id, 25)));
  const live = subscribe<Frame>(server.url, query, { after: '0' });
  await writers;
  const { sequence } = await server.engine.log.head();
  await live.until((frames) => sequencesOf(frames).at(-1) === sequence);
  expect(sequencesOf(live.frames)).toEqual(upTo(0, sequence));
  await live.cut();
});

test('a subscriber that is disconnected repeatedly resumes without loss or duplicate', async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, open));
  const start = (await server.engine.log.head()).sequence;
  const writers = Promise.all(ids.map((id) => deposit(id, 60)));
  const goal = start + 240;
  const seen: number[] = [];
  let position = start;
  while (position < goal) {
    const live = subscribe<Frame>(server.url, query, { after: String(position) });
    const enough = 1 + Math.floor(Math.random() * 60);
    await live.until((frames) => frames.length >= enough || position + frames.length >= goal);
    await live.cut();
    seen.push(...sequencesOf(live.frames));
    position = seen.at(-1) ?? position;
  }
  await writers;
  expect(seen).toEqual(upTo(start, goal));
});

test('a subscriber resumes after a restart of the server', async () => {
  const id = await open();
  const start = (await server.engine.log.head()).sequence;
  const before = subscribe<Frame>(server.url, query, { after: String(start) });
  await deposit(id, 5);
  await before.until((frames) => sequencesOf(frames).length === 5);
  await before.cut();
  await server.restart();
  await deposit(id, 5);
  const after = subscribe<Frame>(server.url, query, { after: String(start + 5) });
  await deposit(id, 5);
  await after.until((frames) => sequencesOf(frames).at(-1) === start + 15);
  expect(sequencesOf([...before.frames, ...after.frames])).toEqual(upTo(start, start + 15));
  await after.cut();
});

test('a subscription without a sequence starts from now, which its first frame names', async () => {
  const id = await open();
  const { sequence: head } = await server.engine.log.head();
  const live = subscribe<Frame>(server.url, query);
  await live.until((frames) => frames.length === 1);
  expect(live.frames).toEqual([{ events: { sequence: String(head), event: null } }]);
  await deposit(id, 3);
  await live.until((frames) => frames.length === 4);
  expect(sequencesOf(live.frames)).toEqual(upTo(head, head + 3));
  await live.cut();
});

test('a filter reports progress and sends only the events that pass', async () => {
  const [quiet, busy] = [await open(), await open()];
  const start = (await server.engine.log.head()).sequence;
  await Promise.all(Array.from({ length: 12 }, () => deposit(busy, 100)));
  await deposit(quiet, 1);
  const live = subscribe<Frame>(server.url, query, {
    after: String(start),
    filter: { streamId: `account-${quiet}`, types: ['CashDeposited'] },
  });
  const { sequence } = await server.engine.log.head();
  await live.until((frames) => sequencesOf(frames).length === 1);
  expect(sequencesOf(live.frames)).toEqual([sequence]);
  await Promise.all(Array.from({ length: 12 }, () => deposit(busy, 100)));
  await live.until((frames) => Number(frames.at(-1)?.events.sequence) > sequence + 500);
  expect(sequencesOf(live.frames)).toEqual([sequence]);
  expect(live.frames.at(-1)?.events.event).toBeNull();
  await live.cut();
});

test('the same events are sent over server-sent events', async () => {
  const id = await open();
  const { sequence } = await server.engine.log.head();
  const abort = new AbortController();
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { after: String(sequence) } }),
    signal: abort.signal,
  });
  await deposit(id, 3);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('event: next').length > 4) break;
  }
  abort.abort();
  const frames = [...text.matchAll(/^data: (\{.*\})$/gm)].map(
    ([, json]) => (JSON.parse(json ?? '') as { data: Frame }).data,
  );
  expect(sequencesOf(frames)).toEqual(upTo(sequence, sequence + 3));
});

test('a sequence beyond the end of the log is refused', async () => {
  const live = subscribe<Frame>(server.url, query, { after: '99999999' });
  await expect(live.until(() => false)).rejects.toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT' } },
  ]);
  await live.cut();
});
