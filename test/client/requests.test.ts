import { parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';
import {
  type CommandStore,
  createClient,
  DaybookError,
  storeIn,
  type UnfinishedCommand,
} from '../../src/client/client.ts';
import {
  type ReceivedRequest,
  startScriptedServer,
  type Turn,
} from '../support/scripted-server.ts';
import { until } from '../support/until.ts';

const ok: Turn = { body: { data: { a: 1 }, extensions: { daybook: { sequence: '7' } } } };
const failing = (code: string, status = 200, headers = {}): Turn => ({
  status,
  headers,
  body: { errors: [{ message: `it is ${code}`, extensions: { code } }] },
});
const limited = (retryAfter: number): Turn => ({
  status: 429,
  body: { errors: [{ message: 'it is', extensions: { code: 'RATE_LIMITED', retryAfter } }] },
});
const proxyError = (status: number, headers = {}): Turn => ({ status, headers, body: '<html>' });
const mutation = 'mutation M($input: I!) { deposit(input: $input) { __typename } }';

/** The keys that the server received, one for each request. */
const keysOf = (received: readonly { readonly variables: object }[]) =>
  received.map(({ variables }) => (variables as { input: { idempotencyKey?: string } }).input);

/** As the string mode of GraphQL Code Generator defines it. */
class TypedText extends String {
  declare readonly __apiType?: (variables: { readonly id?: string }) => { readonly a: number };
}

async function errorOf(work: Promise<unknown>): Promise<DaybookError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DaybookError);
  return error as DaybookError;
}

describe('a request', () => {
  test.each([
    ['a lost answer', 'lost' as const],
    ['half an answer', 'torn' as const],
    ['an overloaded server', failing('OVERLOADED')],
    ['a rate that was used up', limited(0)],
    ['views that are behind', failing('SEQUENCE_NOT_REACHED')],
    ['a proxy without a server', proxyError(502)],
    ['a proxy that did not wait', proxyError(504)],
    ['a limit', failing('TOO_MANY_CONNECTIONS', 503, { 'retry-after': '0' })],
  ])('is sent again after %s, with the same key', async (_of, turn) => {
    await using server = await startScriptedServer(turn, turn, ok);
    const client = createClient({ url: server.url });
    await expect(client.mutate(mutation, { input: { amount: '1' } })).resolves.toEqual({ a: 1 });
    expect(server.received).toHaveLength(3);
    const [first] = keysOf(server.received);
    expect(first).toEqual({ amount: '1', idempotencyKey: expect.any(String) });
    for (const each of keysOf(server.received)) expect(each).toEqual(first);
  });

  test.each([
    failing('BAD_USER_INPUT'),
    failing('GRAPHQL_VALIDATION_FAILED', 400),
    failing('INTERNAL_SERVER_ERROR', 500),
    failing('UPGRADE_NEEDED'),
    failing('FORBIDDEN_ORIGIN', 403),
    proxyError(404),
    proxyError(500),
  ])('is not sent again after %j', async (turn) => {
    await using server = await startScriptedServer(turn, ok);
    const client = createClient({ url: server.url });
    const error = await errorOf(client.query('{ a }'));
    expect(server.received).toHaveLength(1);
    const { body, status = 200 } = turn as { body: { errors?: unknown }; status?: number };
    expect(error).toMatchObject({ status, errors: body.errors ?? [] });
  });

  test('is sent again after a time-out', async () => {
    await using server = await startScriptedServer('silent', ok);
    const client = createClient({ url: server.url, timeoutMs: 200 });
    await expect(client.query('{ a }')).resolves.toEqual({ a: 1 });
  });

  test('waits as long as RATE_LIMITED says, if a page may not read the header', async () => {
    await using server = await startScriptedServer(limited(1), ok);
    const client = createClient({ url: server.url });
    const beganAt = performance.now();
    await client.query('{ a }');
    expect(performance.now() - beganAt).toBeGreaterThan(1_000);
  });

  test('waits as long as Retry-After says, and reports it', async () => {
    const busy = failing('TOO_MANY_SOCKETS', 429, { 'retry-after': '1' });
    await using server = await startScriptedServer(busy, ok);
    const notices: unknown[] = [];
    const client = createClient({ url: server.url, onRetry: (notice) => notices.push(notice) });
    const startedAt = performance.now();
    await client.query('{ a }');
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    const error = { code: 'TOO_MANY_SOCKETS', status: 429 };
    expect(notices).toMatchObject([{ kind: 'query', retry: 1, error }]);
  });

  test('is given up when the time for retries is over', async () => {
    await using server = await startScriptedServer('lost');
    const client = createClient({ url: server.url });
    const error = await errorOf(client.query('{ a }', {}, { retryForMs: 300 }));
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', isOutcomeUnknown: false });
    expect(server.received.length).toBeGreaterThan(1);
  });

  test('ends with the reason of its signal', async () => {
    await using server = await startScriptedServer('silent');
    const client = createClient({ url: server.url });
    const abort = new AbortController();
    const work = client.query('{ a }', {}, { signal: abort.signal });
    abort.abort(new Error('the page was left'));
    await expect(work).rejects.toThrow('the page was left');
  });

  test('keeps the data beside its errors', async () => {
    const body = { data: { a: 1, b: null }, errors: [{ message: 'no b', path: ['b'] }] };
    await using server = await startScriptedServer({ body });
    const error = await errorOf(createClient({ url: server.url }).query('{ a b }'));
    expect(error).toMatchObject({ message: 'no b', code: 'UNKNOWN_ERROR', data: body.data });
  });

  test('is not sent if the client is closed', async () => {
    await using server = await startScriptedServer(ok);
    const client = createClient({ url: server.url });
    client.close();
    expect(await errorOf(client.query('{ a }'))).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(server.received).toEqual([]);
  });
});

describe('a document', () => {
  test('is a string, an object with a text, or a parsed document with print', async () => {
    await using server = await startScriptedServer(ok);
    const client = createClient({ url: server.url, print });
    const text = 'query Q {\n  a\n}';
    await client.query(text);
    await client.query(new TypedText(text));
    await client.query(parse(text));
    expect(server.received.map(({ query }) => query)).toEqual([text, text, text]);
    expect(server.received[0]?.operationName).toBe('Q');
  });

  test('of another kind is refused, as a mutation must not be retried like a query', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1/graphql' });
    const error = await errorOf(client.query(mutation, { input: {} }));
    expect(error).toMatchObject({ code: 'INVALID_DOCUMENT' });
    expect(() => client.subscribe('{ a }')).toThrow(DaybookError);
    expect(await errorOf(client.query(parse('{ a }')))).toMatchObject({ code: 'INVALID_DOCUMENT' });
  });
});

test('a query asks for at least what the client has been shown', async () => {
  const shown = (sequence: string): Turn => ({
    body: { data: {}, extensions: { daybook: { sequence } } },
  });
  await using server = await startScriptedServer(shown('9'), shown('10'), shown('3'), ok);
  const client = createClient({ url: server.url });
  await client.query('{ a }');
  await client.mutate(mutation, { input: {} });
  await client.query('{ a }');
  await client.query('{ a }', {}, { minSequence: '12' });
  const asked = (minSequence: string) => ({ daybook: { minSequence } });
  const sent = server.received.map(({ extensions }) => extensions);
  expect(sent).toEqual([undefined, undefined, asked('10'), asked('12')]);
  expect(client.sequence()).toBe('10');
});

describe('a token', () => {
  const accepting =
    (right: string) =>
    ({ headers }: ReceivedRequest) =>
      headers.authorization === `Bearer ${right}` ? ok : failing('UNAUTHENTICATED', 401);

  test('is renewed once after a 401 for all requests that wait for it', async () => {
    await using server = await startScriptedServer(accepting('token 2'));
    let calls = 0;
    const token = async () => `token ${++calls}`;
    const client = createClient({ url: server.url, token });
    await Promise.all(Array.from({ length: 10 }, () => client.query('{ a }')));
    expect(calls).toBe(2);
  });

  test('that is refused after it was renewed is an error', async () => {
    await using server = await startScriptedServer(accepting('none'));
    let calls = 0;
    const client = createClient({ url: server.url, token: () => `token ${++calls}` });
    expect(await errorOf(client.query('{ a }'))).toMatchObject({
      code: 'UNAUTHENTICATED',
      status: 401,
    });
    expect(server.received).toHaveLength(2);
  });

  test('that is fixed is not tried twice', async () => {
    await using server = await startScriptedServer(accepting('none'));
    const client = createClient({ url: server.url, token: 'mine' });
    await errorOf(client.query('{ a }'));
    expect(server.received).toHaveLength(1);
  });

  test('that cannot be got is asked for again', async () => {
    await using server = await startScriptedServer(accepting('token 2'));
    let calls = 0;
    const token = (): string => {
      calls += 1;
      if (calls === 1) throw new Error('offline');
      return `token ${calls}`;
    };
    await createClient({ url: server.url, token }).query('{ a }');
    expect(calls).toBe(2);
  });
});

describe('a command whose outcome is not known', () => {
  function createStore() {
    const kept = new Map<string, UnfinishedCommand>();
    const log: string[] = [];
    const store: CommandStore = {
      save: (command) => {
        log.push('saved');
        kept.set(command.id, command);
      },
      load: () => [...kept.values()],
      remove: (id) => {
        log.push('removed');
        kept.delete(id);
      },
    };
    return { store, log };
  }

  test('is kept before it is sent, and can be sent again under its key', async () => {
    const { store, log } = createStore();
    await using server = await startScriptedServer(() => {
      log.push('received');
      return log.includes('reloaded') ? ok : 'lost';
    });
    const client = createClient({ url: server.url, unfinished: store, retryForMs: 0 });
    const error = await errorOf(client.mutate(mutation, { input: { amount: '1' } }));
    expect(error.isOutcomeUnknown).toBe(true);
    log.push('reloaded');
    const reloaded = createClient({ url: server.url, unfinished: store });
    const [command] = await reloaded.unfinished();
    if (command === undefined) throw new Error('no command');
    expect(JSON.parse(JSON.stringify(command))).toEqual(command);
    await expect(reloaded.resend(command)).resolves.toEqual({ a: 1 });
    expect(log).toEqual(['saved', 'received', 'reloaded', 'received', 'removed']);
    const [first, second] = keysOf(server.received);
    expect(second).toEqual(first);
    expect(await reloaded.unfinished()).toEqual([]);
  });

  test.each([
    ['is final', [failing('BAD_USER_INPUT')], false],
    ['says that nothing was recorded', [failing('OVERLOADED')], false],
    ['is missing', ['lost'], true],
    ['says so', [failing('OUTCOME_UNKNOWN')], true],
    [
      'is missing, and the next one says that nothing was recorded',
      ['lost', failing('BUSY')],
      true,
    ],
    ['is missing, and the next one is final', ['lost', failing('BAD_USER_INPUT')], false],
    ['is missing, and the token expires', ['lost', failing('UNAUTHENTICATED', 401)], true],
  ] as [string, Turn[], boolean][])('is one whose answer %s: %#', async (_of, turns, isUnknown) => {
    const { store } = createStore();
    await using server = await startScriptedServer(...turns);
    const client = createClient({ url: server.url, unfinished: store, retryForMs: 200 });
    const error = await errorOf(client.mutate(mutation, { input: {} }));
    expect(error.isOutcomeUnknown).toBe(isUnknown);
    expect(await client.unfinished()).toHaveLength(isUnknown ? 1 : 0);
  });

  test('stays one if it is sent again without an answer', async () => {
    const { store } = createStore();
    await using server = await startScriptedServer('lost', failing('OVERLOADED'));
    const client = createClient({ url: server.url, unfinished: store, retryForMs: 0 });
    await errorOf(client.mutate(mutation, { input: {} }));
    const [command] = await client.unfinished();
    if (command === undefined) throw new Error('no command');
    const error = await errorOf(client.resend(command));
    expect(error).toMatchObject({ code: 'OVERLOADED', isOutcomeUnknown: true });
    expect(await client.unfinished()).toEqual([command]);
  });

  test('is one that was sent before its signal was aborted', async () => {
    const { store } = createStore();
    await using server = await startScriptedServer('silent');
    const client = createClient({ url: server.url, unfinished: store });
    const early = AbortSignal.abort(new Error('left'));
    const aborted = client.mutate(mutation, { input: {} }, { signal: early });
    await expect(aborted).rejects.toThrow('left');
    expect(await client.unfinished()).toEqual([]);
    const abort = new AbortController();
    const work = client.mutate(mutation, { input: {} }, { signal: abort.signal });
    await until(() => server.received.length === 1);
    abort.abort(new Error('left'));
    await expect(work).rejects.toThrow('left');
    expect(await client.unfinished()).toHaveLength(1);
  });

  test('is not listed while it is under way', async () => {
    const { store } = createStore();
    await using server = await startScriptedServer('silent', ok);
    const client = createClient({ url: server.url, unfinished: store, timeoutMs: 300 });
    const work = client.mutate(mutation, { input: {} });
    expect(await client.unfinished()).toEqual([]);
    expect(await createClient({ url: server.url, unfinished: store }).unfinished()).toHaveLength(1);
    await work;
  });

  test('is not sent again if it can have no key', async () => {
    await using server = await startScriptedServer('lost', ok);
    const client = createClient({ url: server.url });
    const error = await errorOf(client.mutate('mutation { deposit(input: { amount: "1" }) }'));
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', isOutcomeUnknown: true });
    expect(server.received).toHaveLength(1);
  });

  test('is not sent if it cannot be kept', async () => {
    await using server = await startScriptedServer(ok);
    const full = () => Promise.reject(new Error('the storage is full'));
    const unfinished = { ...createStore().store, save: full };
    const client = createClient({ url: server.url, unfinished });
    await expect(client.mutate(mutation, { input: {} })).rejects.toThrow('storage is full');
    expect(server.received).toEqual([]);
  });

  test('is kept in the storage of a browser, in the order of sending', () => {
    const items = new Map<string, string>([
      ['other', 'text'],
      ['daybook:theme', 'dark'],
      ['daybook:size', '12'],
      ['daybook:user', '{"id":"ada"}'],
    ]);
    const store = storeIn({
      get length() {
        return items.size;
      },
      key: (index) => [...items.keys()][index] ?? null,
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    });
    const command = (id: string, savedAt: string) => ({ id, savedAt, document: '', variables: {} });
    store.save(command('b', '2026-01-02'));
    store.save(command('a', '2026-01-03'));
    expect(store.load()).toEqual([command('b', '2026-01-02'), command('a', '2026-01-03')]);
    store.remove('b');
    expect([...items.keys()].filter((key) => key.length === 9)).toEqual(['daybook:a']);
    expect(items.size).toBe(5);
  });
});
