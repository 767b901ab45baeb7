import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { head, openRaw } from './raw-http.ts';
import { startServer } from './test-server.ts';

const streamHeaders = { 'content-type': 'application/json', accept: 'text/event-stream' };

function open(url: string, query: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ query });
  return fetch(url, { method: 'POST', headers: { ...streamHeaders, ...headers }, body });
}

/** The events of a stream that has ended: their names and data. */
function eventsOf(text: string): readonly (readonly [event: string, data: unknown])[] {
  const events: (readonly [string, unknown])[] = [];
  for (const block of text.split('\n\n')) {
    const [, event = '', data = ''] = /^event: (\w+)\ndata:(.*)$/.exec(block) ?? [];
    if (event !== '') events.push([event, data === '' ? null : JSON.parse(data)]);
  }
  return events;
}

describe('server-sent events', () => {
  it('carry the results of a subscription, by POST and by GET', async () => {
    await using tested = await startServer();
    const query = 'subscription { ticks(count: 2) }';
    const byGet = await fetch(`${tested.url}?query=${encodeURIComponent(query)}`, {
      headers: { accept: 'text/event-stream' },
    });
    for (const response of [await open(tested.url, query), byGet]) {
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const tick = ['next', { data: { ticks: 'x' } }];
      expect(eventsOf(await response.text())).toEqual([tick, tick, ['complete', null]]);
    }
    expect(tested.probe.inits).toMatchObject([{ transport: 'sse' }, { transport: 'sse' }]);
  });

  it('carry queries with the extensions of their context', async () => {
    await using tested = await startServer();
    const response = await open(tested.url, '{ hello }', { 'daybook-min-sequence': '7' });
    const extensions = { daybook: { sequence: '12' } };
    expect(eventsOf(await response.text())).toEqual([
      ['next', { data: { hello: 'Hello you' }, extensions }],
      ['complete', null],
    ]);
    expect(tested.probe.inits).toMatchObject([{ minSequence: '7' }]);
  });

  it('are used only for subscriptions if JSON is accepted as well', async () => {
    await using tested = await startServer();
    const accept = 'application/graphql-response+json, application/json, text/event-stream';
    const query = await open(tested.url, '{ hello }', { accept });
    expect(query.headers.get('content-type')).toContain('application/graphql-response+json');
    const live = await open(tested.url, 'subscription { ticks(count: 1) }', { accept });
    expect(live.headers.get('content-type')).toContain('text/event-stream');
    await live.text();
  });

  it('do not begin if the request is refused: the answer is a 4xx in JSON', async () => {
    await using tested = await startServer();
    const refused: readonly (readonly [code: string, query: string])[] = [
      ['QUERY_TOO_DEEP', 'subscription {a'.concat('{a'.repeat(20_000))],
      ['QUERY_TOO_COMPLEX', `{ ${'hello '.repeat(100)} }`],
      ['GRAPHQL_PARSE_FAILED', '{'],
      ['GRAPHQL_VALIDATION_FAILED', 'subscription { nothing }'],
      ['BAD_USER_INPUT', '{ echo(amount: 5) }'],
    ];
    for (const [code, query] of refused) {
      const response = await open(tested.url, query);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    }
    const large = await open(tested.url, `{ hello } #${'x'.repeat(300_000)}`);
    expect(large.status).toBe(413);
  });

  it('do not begin if the first frame fails: the answer is a 4xx or 5xx in JSON', async () => {
    await using tested = await startServer();
    for (const [status, code] of [
      [400, 'BAD_USER_INPUT'],
      [503, 'UNAVAILABLE'],
    ] as const) {
      const response = await open(tested.url, `subscription { refused(code: "${code}") }`);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        status,
        'application/json; charset=utf-8',
      ]);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
      await until(() => tested.probe.ended > 0);
    }
  });

  it('open without their first frame if it takes long', async () => {
    await using tested = await startServer();
    const response = await open(tested.url, 'subscription { silence }');
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it('end with typed errors unchanged and other errors masked', async () => {
    await using tested = await startServer();
    const expected = {
      failing: 'TOO_FAR_BEHIND',
      broken: 'INTERNAL_SERVER_ERROR',
      aborted: 'ABORTED',
    };
    for (const [field, code] of Object.entries(expected)) {
      const response = await open(tested.url, `subscription { ${field} }`);
      const text = await response.text();
      expect(text).not.toContain('secret');
      expect(eventsOf(text)).toMatchObject([
        ['next', { data: { [field]: 'once' } }],
        ['next', { errors: [{ extensions: { code } }] }],
        ['complete', null],
      ]);
    }
  });

  it('end their source when the reader disconnects', async () => {
    await using tested = await startServer();
    const response = await open(tested.url, 'subscription { silence }');
    await until(() => tested.probe.inits.length === 1);
    await response.body?.cancel();
    await until(() => tested.probe.ended === 1);
  });

  it('wait for a reader that does not read, and end if it disconnects meanwhile', async () => {
    await using tested = await startServer({ limits: { streamsMax: 1 } });
    using connection = await openRaw(tested.url);
    const body = JSON.stringify({ query: 'subscription { ticks(size: 100000) }' });
    connection.send(head(body.length, 'Accept: text/event-stream\r\n') + body);
    await until(() => tested.probe.produced > 3);
    connection.socket.pause();
    let before = -1;
    await until(async () => {
      const isStill = tested.probe.produced === before;
      before = tested.probe.produced;
      await sleep(200);
      return isStill;
    });
    expect(before).toBeLessThan(300);
    connection.socket.destroy();
    await until(() => tested.probe.ended === 1);
    // Its slot is free again.
    await until(async () => {
      const next = await open(tested.url, 'subscription { silence }');
      await next.body?.cancel();
      return next.status === 200;
    });
  });

  it('send keep-alive messages', async () => {
    await using tested = await startServer({ limits: { pingIntervalMs: 20 } });
    using connection = await openRaw(tested.url);
    const body = JSON.stringify({ query: 'subscription { silence }' });
    connection.send(head(body.length, 'Accept: text/event-stream\r\n') + body);
    await until(() => connection.received().split(':\n\n').length > 3);
  });

  it('are limited in number', async () => {
    await using tested = await startServer({ limits: { streamsMax: 1 } });
    const first = await open(tested.url, 'subscription { silence }');
    const second = await open(tested.url, 'subscription { silence }');
    expect(second.status).toBe(503);
    await first.body?.cancel();
    await until(async () => {
      const again = await open(tested.url, 'subscription { silence }');
      await again.body?.cancel();
      return again.status === 200;
    });
  });

  it('are closed without a complete message when the server stops', async () => {
    await using tested = await startServer();
    const response = await open(tested.url, 'subscription { silence }');
    const text = expect(response.text()).rejects.toThrow();
    await tested.server.stop();
    await text;
    expect(tested.probe.ended).toBe(1);
  });
});
