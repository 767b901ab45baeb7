import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { delay } from '../../src/lib/delay.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import {
  bridgeOf,
  deposit,
  openAccounts,
  startBridgedEngine,
  untilDelivered,
} from '../support/bridged.ts';
import type { TestEngine } from '../support/engines.ts';
import { killBridges, kills } from '../support/kill-bridge.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { titleWith } from '../support/skipped.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

describe.skipIf(noNats)(titleWith('NATS in trouble', noNats), () => {
  let testDatabase: TestDatabase;
  let nats: NatsServer;
  let proxy: TcpProxy;
  const started: TestEngine[] = [];

  async function begin(lines: readonly string[] = []): Promise<void> {
    nats = await startNatsServer(lines);
    proxy = await createTcpProxy(`nats://${nats.address}`);
  }
  beforeEach(async () => {
    testDatabase = await createTestDatabase();
  });
  afterEach(async () => {
    for (const engine of started.splice(0)) await engine.stop();
    await proxy.stop();
    await nats.dispose();
    await testDatabase.dispose();
  });

  async function start(bridge: object = {}): Promise<TestEngine> {
    const engine = await startBridgedEngine(testDatabase.url, [
      {
        name: 'nats',
        kind: 'nats',
        servers: [new URL(proxy.url).host],
        stream: 'DAYBOOK',
        ...bridge,
      },
    ]);
    started.push(engine);
    return engine;
  }

  /** The sequence numbers in the stream, read past the proxy. */
  async function readSequences(): Promise<readonly number[]> {
    const connection = await connect({ servers: [nats.address] });
    try {
      const manager = await jetstreamManager(connection);
      const { state } = await manager.streams.info('DAYBOOK');
      const sequences = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage('DAYBOOK', { seq });
        if (message !== null) sequences.push(Number(message.header.get('ce-sequence')));
      }
      return sequences;
    } finally {
      await connection.close();
    }
  }

  async function expectComplete(engine: TestEngine): Promise<void> {
    await untilDelivered(engine, 60_000);
    const { sequence } = await engine.log.head();
    expect(await readSequences()).toEqual(Array.from({ length: sequence }, (_, n) => n + 1));
  }

  /** A bridge that has delivered everything, and has noticed that the server is away. */
  async function startAndLoseServer(): Promise<TestEngine> {
    await begin();
    const engine = await start();
    await deposit(engine, 2);
    await untilDelivered(engine);
    await proxy.refuse();
    await until(async () => (await bridgeOf(engine)).error !== null, 20_000);
    return engine;
  }

  test('commands go on while the server is down, and the bridge says so and recovers', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 3);
    await untilDelivered(engine);
    await nats.stop('SIGKILL');
    await deposit(engine, 10);
    await until(async () => (await bridgeOf(engine)).error !== null);
    expect(await bridgeOf(engine)).toMatchObject({ parked: false, checkpoint: 4 });
    await nats.start();
    await expectComplete(engine);
    expect((await bridgeOf(engine)).error).toBeNull();
  });

  test('a bridge starts although the server cannot be reached', async () => {
    await begin();
    await proxy.refuse();
    const engine = await start();
    await deposit(engine, 3);
    await until(async () => (await bridgeOf(engine)).error !== null);
    await proxy.restore();
    await expectComplete(engine);
  });

  test('a silent network is noticed, and nothing is lost or repeated', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 3);
    await untilDelivered(engine);
    proxy.blackHole();
    await deposit(engine, 5);
    await until(async () => (await bridgeOf(engine)).error !== null, 40_000);
    await proxy.restore();
    await expectComplete(engine);
  }, 90_000);

  test('connections that break at any moment lose and repeat nothing', async () => {
    await begin();
    const engine = await start();
    const cutting = setInterval(() => proxy.cut(), 150);
    await deposit(engine, 200);
    clearInterval(cutting);
    await expectComplete(engine);
  }, 90_000);

  test.each([
    ['the whole log', {}],
    ['a filtered log', { filter: { types: ['AccountOpened'] } }],
  ])('nothing of %s is stored after the message of another publisher', async (_of, bridge) => {
    await begin();
    const engine = await start(bridge);
    await openAccounts(engine, 3);
    await untilDelivered(engine);
    const other = await connect({ servers: [nats.address] });
    const { seq } = await jetstream(other).publish('daybook.accounts.Other.x', 'not an event');
    // One batch: the server must refuse each of its messages, not only the first.
    await openAccounts(engine, 5);
    await until(async () => (await bridgeOf(engine)).parked);
    expect((await bridgeOf(engine)).error).toContain(`message ${seq} of the stream DAYBOOK is not`);
    const { state } = await (await jetstreamManager(other)).streams.info('DAYBOOK');
    expect(state.last_seq).toBe(seq);
    await other.close();
  });

  test('a full stream stops the bridge, which goes on when there is space', async () => {
    await begin();
    const engine = await start({ maxBytes: 4_000 });
    await deposit(engine, 20);
    await until(async () => /maximum bytes/.test((await bridgeOf(engine)).error ?? ''));
    expect(await bridgeOf(engine)).toMatchObject({ parked: false });
    const connection = await connect({ servers: [nats.address] });
    const manager = await jetstreamManager(connection);
    await manager.streams.update('DAYBOOK', { max_bytes: 10_000_000 });
    await connection.close();
    await engine.bridges.change('nats', 'retry');
    await expectComplete(engine);
  });

  test('a message that is too large parks the bridge and names the event', async () => {
    await begin(['max_payload: 600']);
    const engine = await start();
    await deposit(engine, 1);
    await until(async () => (await bridgeOf(engine)).parked);
    expect((await bridgeOf(engine)).error).toMatch(/event 1 is too large/);
  });

  test('a value cannot end its header: it is percent-encoded', async () => {
    await begin();
    const engine = await start();
    await engine.processor.submit({
      definition: openAccount,
      input: { accountId: newUuid(), owner: 'Ada', currency: 'EUR' },
      options: {},
      actor: 'ann\r\nce-sequence: 7',
      roles: allRoles,
      transport: 'http',
      correlationId: null,
      causationId: null,
    });
    await untilDelivered(engine);
    const connection = await connect({ servers: [nats.address] });
    const manager = await jetstreamManager(connection);
    const message = await manager.streams.getMessage('DAYBOOK', { seq: 1 });
    await connection.close();
    expect(message?.header.get('ce-actor')).toBe('ann%0D%0Ace-sequence:%207');
    expect(message?.header.get('ce-sequence')).toBe('1');
  });

  test('a bridge with nothing to send notices that the server is away', async () => {
    const engine = await startAndLoseServer();
    await proxy.restore();
    await until(async () => (await bridgeOf(engine)).error === null, 20_000);
  });

  test('a bridge with nothing to send notices that the stream lost its tail', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 2);
    await untilDelivered(engine);
    await nats.stop();
    await nats.keep();
    await nats.start();
    await deposit(engine, 2);
    await untilDelivered(engine);
    await nats.stop();
    await nats.restore();
    await nats.start();
    await until(async () => (await readSequences()).length === 6, 20_000);
    await expectComplete(engine);
  });

  test('messages that the limits of the stream have removed are not sent again', async () => {
    await begin();
    const first = await start({ filter: { types: ['AccountOpened'] } });
    await deposit(first, 2);
    await untilDelivered(first);
    await first.stop();
    const connection = await connect({ servers: [nats.address] });
    const manager = await jetstreamManager(connection);
    await manager.streams.purge('DAYBOOK');
    await connection.close();
    const second = await start({ filter: { types: ['AccountOpened'] } });
    await deposit(second, 2);
    await untilDelivered(second);
    expect(await readSequences()).toEqual([4]);
  });

  test('two streams need different subjects', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 1);
    await untilDelivered(engine);
    await engine.stop();
    const other = { name: 'other', stream: 'OTHER' };
    const second = await start(other);
    const rowOf = async (running: TestEngine) =>
      (await running.bridges.rows()).find(({ name }) => name === 'other');
    await until(async () => (await rowOf(second))?.parked === true);
    expect((await rowOf(second))?.error).toMatch(/set "subject" of the bridge/);
    await second.stop();
    const third = await start({ ...other, subject: 'daybook-other' });
    await third.bridges.change('other', 'retry');
    await until(async () => (await rowOf(third))?.checkpoint === 2);
  });

  test('a paused bridge sends nothing until it is resumed', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 1);
    await untilDelivered(engine);
    const depositing = deposit(engine, 100);
    expect(await engine.bridges.change('nats', 'pause')).toMatchObject({ working: false });
    const sent = (await readSequences()).length;
    await depositing;
    await delay(1_000);
    expect(await readSequences()).toHaveLength(sent);
    expect(await bridgeOf(engine)).toMatchObject({ paused: true, checkpoint: sent });
    await engine.bridges.change('nats', 'resume');
    await expectComplete(engine);
  }, 60_000);

  test('a pause waits at most five seconds for a server that does not respond', async () => {
    await begin();
    const engine = await start();
    await deposit(engine, 1);
    await untilDelivered(engine);
    proxy.blackHole();
    await deposit(engine, 1);
    const { sequence } = await engine.log.head();
    const pausedAt = performance.now();
    const row = await engine.bridges.change('nats', 'pause');
    expect(row).toMatchObject({ paused: true, working: true });
    expect(performance.now() - pausedAt).toBeLessThan(7_000);
    // The batch in flight ends without an acknowledgement, and the bridge is then paused.
    await until(async () => !(await bridgeOf(engine)).working, 30_000);
    expect((await bridgeOf(engine)).checkpoint).toBeLessThan(sequence);
  }, 60_000);

  test('a bridge that was paused while it failed shows no error once it works', async () => {
    const engine = await startAndLoseServer();
    await engine.bridges.change('nats', 'pause');
    await proxy.restore();
    await engine.bridges.change('nats', 'resume');
    await until(async () => (await bridgeOf(engine)).error === null, 20_000);
  });

  test('another process takes over when the leader stops', async () => {
    await begin();
    const first = await start();
    const second = await start();
    await deposit(second, 5);
    await untilDelivered(second);
    await first.stop();
    await deposit(second, 5);
    await expectComplete(second);
  });

  test(`kill -9 at ${kills} random moments loses and repeats nothing`, async () => {
    await begin();
    const bridge = { name: 'nats', kind: 'nats', servers: [nats.address], stream: 'DAYBOOK' };
    await killBridges({ url: testDatabase.url, bridges: [bridge], times: kills });
    const engine = await start();
    await expectComplete(engine);
    expect((await bridgeOf(engine)).checkpoint).toBeGreaterThan(100);
  }, 1_200_000);
});
