import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createInboundSetup,
  deposit,
  type InboundSetup,
  startInboundEngine,
  withdraw,
} from '../support/inbound.ts';
import { type InboundServer, systems } from '../support/inbound-buses.ts';
import { until } from '../support/until.ts';

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

    test('messages that are delivered again have no second effect', async () => {
      const { bus, isDrained } = setup;
      const [accountId = ''] = await setup.openAccounts(1);
      await bus.send(Array.from({ length: 50 }, () => deposit(accountId)));
      await bus.send([withdraw(accountId, '600.00')]);
      const engine = await setup.start();
      await until(isDrained, 30_000);
      await engine.stop();
      await bus.rewind();
      expect(await isDrained()).toBe(false);
      await setup.start();
      await until(isDrained, 30_000);
      expect(await setup.counts()).toEqual({ CashDeposited: 50 });
      expect(new Set(await bus.deadLetters())).toEqual(new Set(['INSUFFICIENT_FUNDS']));
    }, 90_000);

    test('commands of one key are decided in order', async () => {
      const { bus, isDrained } = setup;
      const ids = await setup.openAccounts(5);
      // Parsing a command with a time waits for the database, which the withdrawals do not.
      const timed = { occurredAt: '2026-01-05T09:00:00Z' };
      const pairs = Array.from({ length: 60 }, () =>
        ids.flatMap((id) => [deposit(id, timed), withdraw(id)]),
      );
      await bus.send(pairs.flat());
      await setup.start();
      await until(isDrained, 30_000);
      expect(await setup.counts()).toEqual({ CashDeposited: 300, CashWithdrawn: 300 });
    }, 90_000);

    test('a poison message goes to the dead letters once, and the next go on', async () => {
      const { bus, isDrained } = setup;
      const [accountId = ''] = await setup.openAccounts(1);
      await bus.send([
        deposit(accountId),
        [accountId, '{"mutation":'],
        [accountId, 'x'.repeat(600_000)],
        withdraw(accountId, '99.00'),
        deposit(accountId),
      ]);
      await setup.start();
      await until(isDrained, 30_000);
      expect(await setup.counts()).toEqual({ CashDeposited: 2 });
      expect(await bus.deadLetters()).toEqual([
        'MALFORMED_MESSAGE',
        'MALFORMED_MESSAGE',
        'INSUFFICIENT_FUNDS',
      ]);
    }, 90_000);

    test('of two servers one brings commands in; the other goes on when it stops', async () => {
      const { bus, isDrained } = setup;
      const [accountId = ''] = await setup.openAccounts(1);
      const first = await setup.start();
      const second = await startInboundEngine(setup.testDatabase.url, bus.entry);
      try {
        await bus.send(Array.from({ length: 20 }, () => deposit(accountId)));
        await until(isDrained, 30_000);
        await first.stop();
        await bus.send(Array.from({ length: 20 }, () => deposit(accountId)));
        await until(isDrained, 30_000);
      } finally {
        await second.stop();
      }
      expect(await setup.counts()).toEqual({ CashDeposited: 40 });
    }, 90_000);
  });
}
