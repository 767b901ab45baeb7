import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { head, openRaw, type RawConnection } from './raw-http.ts';
import { post, startServer } from './test-server.ts';
import { openSocket } from './test-socket.ts';

const flood = 'subscription { ticks(size: 100000) }';

function subscribe(connection: RawConnection, query: string): void {
  const body = JSON.stringify({ query });
  connection.send(head(body.length, 'Accept: text/event-stream\r\n') + body);
}

/** Waits until the given time has passed. */
async function passed(ms: number): Promise<void> {
  const start = performance.now();
  await until(() => performance.now() - start > ms);
}

describe('a reader that does not read', () => {
  it('is disconnected from an event stream', async () => {
    await using tested = await startServer({ limits: { stallTimeoutMs: 300 } });
    using connection = await openRaw(tested.url);
    connection.socket.pause();
    subscribe(connection, flood);
    await until(() => tested.probe.ended === 1, 5_000);
  });

  it('is disconnected from a WebSocket before it has missed two pings', async () => {
    await using tested = await startServer({ limits: { stallTimeoutMs: 300 } });
    await using socket = await openSocket(tested.url);
    await socket.init();
    for (const id of ['1', '2', '3']) socket.subscribe(id, flood);
    await until(() => tested.probe.produced > 3);
    socket.socket.pause();
    await until(() => tested.probe.ended === 3, 5_000);
  });

  it('gets no more answers on one WebSocket than its buffer holds', async () => {
    await using tested = await startServer({ limits: { bufferBytesMax: 1_024 } });
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('live', flood);
    await until(() => tested.probe.produced > 3);
    socket.socket.pause();
    let before = -1;
    await until(async () => {
      const isStill = tested.probe.produced === before;
      before = tested.probe.produced;
      await passed(200);
      return isStill;
    });
    socket.subscribe('late', '{ hello }');
    await passed(200);
    // The context of an operation is made just before it is executed.
    expect(tested.probe.inits).toHaveLength(1);
    socket.socket.resume();
    await until(() => socket.received.some(({ id, type }) => id === 'late' && type === 'next'));
  });
});

describe('a reader that is slow', () => {
  it('is not disconnected while it keeps reading', async () => {
    await using tested = await startServer({ limits: { stallTimeoutMs: 500 } });
    using connection = await openRaw(tested.url);
    subscribe(connection, flood);
    const start = performance.now();
    while (performance.now() - start < 1_500) {
      connection.socket.pause();
      await passed(100);
      connection.socket.resume();
      await passed(20);
    }
    expect(connection.isClosed()).toBe(false);
  });

  it('may wait longer for its answer than a reader may stall', async () => {
    await using tested = await startServer({ limits: { stallTimeoutMs: 100 } });
    const answer = post(tested.url, { query: '{ slow }' });
    await passed(400);
    tested.probe.release();
    expect(await answer).toMatchObject({ status: 200, body: { data: { slow: 'done' } } });
  });

  it('may have nothing to read for longer than a reader may stall', async () => {
    await using tested = await startServer({ limits: { stallTimeoutMs: 100 } });
    using connection = await openRaw(tested.url);
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', 'subscription { silence }');
    subscribe(connection, 'subscription { silence }');
    await until(() => tested.probe.inits.length === 2);
    await passed(400);
    expect(tested.probe.ended).toBe(0);
  });
});
