import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  createClient,
  type DaybookClient,
  type DaybookClientOptions,
  DaybookError,
} from '../../src/client/client.ts';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const jwtSecret = 'a secret of at least 32 characters';
const noFaults = { requestLost: 0, answerLost: 0, answerTorn: 0 };

let server: TestServer;
let front: FaultyFront;
let client: DaybookClient;
/** How long the next tokens are valid. */
let validForSeconds: number;
let tokens: number;

beforeAll(async () => {
  server = await createTestServer({ jwtSecret });
  front = await startFaultyFront([server.url], noFaults, 'none');
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await server.dispose();
});
beforeEach(() => {
  validForSeconds = 60;
  tokens = 0;
  NotingSocket.sent.length = 0;
  client = connect();
});
afterEach(() => client.close());

async function issueToken(): Promise<string> {
  tokens += 1;
  return new SignJWT({ roles: ['OPERATOR'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ann')
    .setExpirationTime(Math.floor(Date.now() / 1_000) + validForSeconds)
    .sign(new TextEncoder().encode(jwtSecret));
}

function connect(options: Partial<DaybookClientOptions> = {}): DaybookClient {
  return createClient({
    url: front.url,
    token: issueToken,
    webSocketImpl: NotingSocket,
    ...options,
  });
}

interface EventsFrame {
  readonly events: { readonly sequence: string; readonly event: { readonly type: string } | null };
}
interface AccountFrame {
  readonly account: { readonly sequence: string; readonly account: { readonly balance: string } };
}

const watchLog = `subscription S($after: Sequence, $filter: EventFilter) {
  events(after: $after, filter: $filter) { sequence event { type } } }`;
const watchAccount = `subscription S($id: ID!) {
  account(id: $id) { sequence account { balance } } }`;

async function open(): Promise<string> {
  const accountId = randomUUID();
  await client.mutate(
    'mutation M($input: OpenAccountInput!) { openAccount(input: $input) { __typename } }',
    {
      input: { accountId, owner: 'Ada', currency: 'EUR' },
    },
  );
  return accountId;
}

async function deposit(accountId: string, times = 1): Promise<void> {
  const document = `mutation M($input: DepositCashInput!) { depositCash(input: $input) { __typename } }`;
  for (let made = 0; made < times; made += 1) {
    await client.mutate(document, { input: { accountId, amount: '1.00' } });
  }
}

/** A WebSocket that keeps the types of the messages that are sent. */
class NotingSocket extends WebSocket {
  static readonly sent: string[] = [];
  override send(data: string): void {
    NotingSocket.sent.push((JSON.parse(data) as { type: string }).type);
    super.send(data);
  }
}

const sentOf = (type: string): number => NotingSocket.sent.filter((sent) => sent === type).length;

/** Reads a subscription in the background. */
function collect<Frame>(frames: AsyncIterable<Frame>) {
  const collected: { frames: Frame[]; ended: 'no' | 'normally' | DaybookError } = {
    frames: [],
    ended: 'no',
  };
  (async () => {
    for await (const frame of frames) collected.frames.push(frame);
    collected.ended = 'normally';
  })().catch((error: DaybookError) => {
    collected.ended = error;
  });
  return collected;
}

const sequencesOf = (frames: readonly EventsFrame[]): number[] =>
  frames.filter(({ events }) => events.event !== null).map(({ events }) => Number(events.sequence));

const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index + 1);

describe('a subscription with a cursor', () => {
  test('resumes after each cut, without loss or repetition', async () => {
    const id = await open();
    const start = Number(client.sequence());
    const live = collect(client.subscribe<EventsFrame>(watchLog, {}, { after: String(start) }));
    for (let round = 1; round <= 4; round += 1) {
      await deposit(id, 3);
      await until(() => sequencesOf(live.frames).length >= round * 3 - 1);
      front.cut();
    }
    await until(() => sequencesOf(live.frames).length >= 12);
    expect(sequencesOf(live.frames)).toEqual(upTo(start, start + 12));
  });

  test('resumes after the first frame, even if there was no event yet', async () => {
    const id = await open();
    const start = Number(client.sequence());
    const live = collect(client.subscribe<EventsFrame>(watchLog));
    await until(() => live.frames.length === 1);
    expect(live.frames).toEqual([{ events: { sequence: String(start), event: null } }]);
    front.cut();
    await deposit(id, 3);
    await until(() => sequencesOf(live.frames).length === 3);
    expect(sequencesOf(live.frames)).toEqual(upTo(start, start + 3));
  });

  test('holds few frames for a slow reader, and loses none', async () => {
    const id = await open();
    await deposit(id, 40);
    const end = Number(client.sequence());
    const bounded = connect({ framesMax: 8 });
    const received: string[] = [];
    for await (const { events } of bounded.subscribe<EventsFrame>(watchLog, {}, { after: '0' })) {
      if (events.event !== null) received.push(events.sequence);
      if (received.length % 10 === 1) await delay(50);
      if (received.length === end) break;
    }
    expect(received.map(Number)).toEqual(upTo(0, end));
    // It unsubscribed whenever eight frames were waiting.
    expect(sentOf('subscribe')).toBeGreaterThan(3);
    expect(sentOf('complete')).toBe(sentOf('subscribe'));
    bounded.close();
  });

  test('ends when its reader breaks, while others go on', async () => {
    const id = await open();
    const other = collect(client.subscribe<EventsFrame>(watchLog));
    for await (const _ of client.subscribe(watchAccount, { id })) break;
    expect(sentOf('complete')).toBe(1);
    await until(() => other.frames.length === 1);
    await deposit(id);
    await until(() => sequencesOf(other.frames).length === 1);
    client.close();
    await until(() => other.ended === 'normally');
  });

  test('must select its sequence and pass a variable', async () => {
    const blind = 'subscription S($after: Sequence) { events(after: $after) { event { type } } }';
    const { frames } = { frames: collect(client.subscribe(blind, { after: '0' })) };
    await until(() => frames.ended !== 'no');
    expect(frames.ended).toMatchObject({ code: 'CURSOR_REQUIRED' });
    const fixed = 'subscription { events(after: "0") { sequence } }';
    expect(() => client.subscribe(fixed)).toThrow('pass it to events(after:)');
    const state = 'subscription S($id: ID!) { account(id: $id) { sequence } }';
    expect(() => client.subscribe(state, { id: '1' }, { after: '1' })).toThrow(DaybookError);
  });
});

describe('a subscription to a state', () => {
  test('shows no state again or older after a cut, and always the latest', async () => {
    const id = await open();
    const live = collect(client.subscribe<AccountFrame>(watchAccount, { id }));
    for (let round = 1; round <= 4; round += 1) {
      await deposit(id);
      await until(() => live.frames.at(-1)?.account.account.balance === `${round}.00`);
      front.cut();
    }
    const sequences = live.frames.map(({ account }) => Number(account.sequence));
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  test('skips states that its reader has no time for, but not the latest', async () => {
    const id = await open();
    const seen: string[] = [];
    let made: Promise<void> | null = null;
    for await (const { account } of client.subscribe<AccountFrame>(watchAccount, { id })) {
      seen.push(account.account.balance);
      made ??= deposit(id, 30);
      if (seen.length === 1) await made;
      if (account.account.balance === '30.00') break;
      await delay(20);
    }
    expect(seen.length).toBeLessThan(15);
  });

  test('that is a live query raises the sequence of the client, selected or not', async () => {
    const id = await open();
    await deposit(id);
    const written = Number(client.sequence());
    const other = connect();
    const query = 'subscription S($id: ID!) { live { account(id: $id) { balance } } }';
    for await (const { live } of other.subscribe<{ live: object }>(query, { id })) {
      expect(live).toEqual({ account: { balance: '1.00' } });
      break;
    }
    expect(Number(other.sequence())).toBeGreaterThanOrEqual(written);
    other.close();
  });

  test('of what does not exist fails with the code of the server', async () => {
    const live = collect(client.subscribe(watchAccount, { id: randomUUID() }));
    await until(() => live.ended !== 'no');
    expect(live.ended).toMatchObject({ name: 'DaybookError', code: 'ACCOUNT_NOT_FOUND' });
  });

  test('ends when its signal is aborted, before or after it has begun', async () => {
    const id = await open();
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const live = collect(client.subscribe<AccountFrame>(watchAccount, { id }, options));
    await until(() => live.frames.length === 1);
    abort.abort();
    await until(() => live.ended === 'normally');
    const late = collect(client.subscribe<AccountFrame>(watchAccount, { id }, options));
    await until(() => late.ended === 'normally');
    expect(late.frames).toEqual([]);
  });
});

describe('the token of a WebSocket', () => {
  test('is renewed when the server closes for its expiry', async () => {
    const id = await open();
    validForSeconds = 2;
    tokens = 0;
    const retries: unknown[] = [];
    const other = connect({ onRetry: (notice) => retries.push(notice) });
    const live = collect(other.subscribe<AccountFrame>(watchAccount, { id }));
    await until(() => live.frames.length === 1);
    await until(() => tokens === 2);
    validForSeconds = 60;
    await deposit(id);
    await until(() => live.frames.at(-1)?.account.account.balance === '1.00');
    expect(retries[0]).toMatchObject({
      kind: 'subscription',
      error: { code: 'UNAUTHENTICATED', status: 4403 },
    });
    other.close();
  });

  test.each(['fixed', 'from a function'])(
    'that is not valid and %s ends the subscription',
    async (kind) => {
      let calls = 0;
      const token = kind === 'fixed' ? 'wrong' : () => `wrong ${++calls}`;
      const other = connect({ token });
      const live = collect(other.subscribe(watchLog));
      await until(() => live.ended !== 'no');
      expect(live.ended).toMatchObject({ code: 'UNAUTHENTICATED', status: 4401 });
      expect(calls).toBe(kind === 'fixed' ? 0 : 2);
      other.close();
    },
  );
});

test('a restart of the server is not noticed, apart from the notice of a retry', async () => {
  const id = await open();
  const start = Number(client.sequence());
  const live = collect(client.subscribe<EventsFrame>(watchLog, {}, { after: String(start) }));
  await deposit(id, 2);
  const restarted = server.restart();
  const depositing = deposit(id, 2);
  await restarted;
  front.setTargets([server.url]);
  await depositing;
  await until(() => sequencesOf(live.frames).length === 4);
  expect(sequencesOf(live.frames)).toEqual(upTo(start, start + 4));
});

test('without a WebSocket there is an error that says what to do', async () => {
  if (typeof globalThis.WebSocket !== 'undefined') return;
  const other = createClient({ url: front.url });
  const live = collect(other.subscribe(watchLog));
  await until(() => live.ended !== 'no');
  expect(String(live.ended)).toContain('webSocketImpl');
});
