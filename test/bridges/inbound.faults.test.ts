import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import { createInboundSetup, deposit, type InboundSetup, withdraw } from '../support/inbound.ts';
import { type InboundServer, systems } from '../support/inbound-buses.ts';
import { kills } from '../support/kill-bridge.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const script = path.join(import.meta.dirname, '../support/inbound-child.ts');

for (const { kind, reason, start } of systems) {
  const title = `commands from ${kind}${reason === null ? '' : `: skipped, ${reason}`}`;
  describe.skipIf(reason !== null)(title, () => {
    let server: InboundServer;
    let setup: InboundSetup;

    beforeAll(async () => {
      server = await start();
    }, 120_000);
    afterAll(() => server.dispose());
    beforeEach(async () => {
      setup = await createInboundSetup(server.open);
    });
    afterEach(() => setup.dispose());

    test('while the database is away, nothing is acknowledged and nothing is lost', async () => {
      const { bus, isDrained } = setup;
      const [accountId = ''] = await setup.openAccounts(1);
      const proxy = await createTcpProxy(setup.testDatabase.url);
      try {
        const engine = await setup.start(proxy.url);
        await bus.send([deposit(accountId)]);
        await until(isDrained, 30_000);
        await proxy.refuse();
        await bus.send(
          Array.from({ length: 20 }, () => [deposit(accountId), withdraw(accountId)]).flat(),
        );
        await delay(3_000);
        expect(await bus.unread()).toBe(40);
        await proxy.restore();
        await until(isDrained, 60_000);
        expect(await setup.counts()).toEqual({ CashDeposited: 21, CashWithdrawn: 20 });
        await engine.stop();
      } finally {
        await proxy.stop();
      }
    }, 150_000);

    test('a bus that crashes and comes back loses nothing', async () => {
      const { bus, isDrained } = setup;
      const [accountId = ''] = await setup.openAccounts(1);
      const engine = await setup.start();
      await bus.send(Array.from({ length: 20 }, () => deposit(accountId)));
      await until(isDrained, 30_000);
      await bus.crash();
      await bus.send(Array.from({ length: 20 }, () => deposit(accountId)));
      await until(isDrained, 60_000);
      expect(await setup.counts()).toEqual({ CashDeposited: 40 });
      await until(async () => (await engine.bridges.rows())[0]?.error === null);
    }, 150_000);

    test(
      `commands have one effect each, although the server is killed ${kills} times`,
      async () => {
        const { bus, isDrained } = setup;
        const ids = await setup.openAccounts(4);
        const pairs = Array.from({ length: 25 }, () =>
          ids.flatMap((id) => [deposit(id), withdraw(id)]),
        ).flat();
        for (let round = 0; round < kills; round += 1) {
          const child = await startChild(setup);
          const before = await bus.unread();
          await bus.send(pairs);
          await until(async () => (await bus.unread()) !== before + pairs.length, 60_000);
          await delay(Math.random() * 60);
          await kill(child);
        }
        await setup.start();
        await until(isDrained, 60_000);
        const each = kills * 100;
        expect(await setup.counts()).toEqual({ CashDeposited: each, CashWithdrawn: each });
      },
      90_000 + kills * 30_000,
    );
  });
}

async function startChild({ testDatabase, bus }: InboundSetup): Promise<ChildProcess> {
  const args = ['--import', 'tsx', script, testDatabase.url, JSON.stringify(bus.entry)];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return server;
}

async function kill(server: ChildProcess): Promise<void> {
  const ended = once(server, 'close');
  server.kill('SIGKILL');
  await ended;
}
