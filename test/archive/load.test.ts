import { afterEach, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { createFolder } from '../support/exports/exporting.ts';
import { runMutation } from '../support/people.ts';
import { countOf, sql } from '../support/rows.ts';
import { createTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

test('commands, queries and subscriptions go on while events are moved and fetched back', async () => {
  const server = await createTestServer();
  undo.push(server.dispose);
  const directory = await createFolder(undo);
  const accounts = Array.from(
    { length: 4 },
    (_, index) => `00000000-0000-4000-8000-00000000000${index}`,
  );
  for (const accountId of accounts) {
    await runMutation(server, 'openAccount', { accountId, owner: 'ann', currency: 'USD' });
  }
  const over = new AbortController();
  const seen: number[] = [];
  const follow = async (): Promise<void> => {
    for await (const events of server.engine.feed.follow(0, 100, over.signal)) {
      seen.push(...events.map(({ sequence }: StoredEvent) => sequence));
    }
  };
  let answers = 0;
  const trade = async (accountId: string): Promise<void> => {
    while (!over.signal.aborted) {
      const input = { accountId, amount: '1.00' };
      const answer = await runMutation(server, 'depositCash', input, 'account { balance }');
      expect(answer).toMatchObject({ __typename: 'DepositCashPayload' });
      answers += 1;
    }
  };
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { errors } = await server.send(
        `{ account(id: "${accounts[0]}", asOf: "4") { balance } events(last: 3) { nodes { id } } }`,
      );
      expect(errors).toBeUndefined();
    }
  };
  const work = Promise.all([follow(), ...accounts.map(trade), look(), look()]);
  const ended = work.then(
    () => null,
    (error: unknown) => {
      over.abort();
      return error;
    },
  );
  undo.push(() => {
    over.abort();
    return ended;
  });
  const lockedMs: number[] = [];
  for (const target of [100, 300, 600]) {
    await until(
      () => answers > target + 100 || over.signal.aborted,
      60_000,
      () => ({ answers }),
    );
    // The consumers save their checkpoints about every second.
    let result: Awaited<ReturnType<typeof archiveSmall>> | undefined;
    await until(
      async () => {
        result = await archiveSmall(server.databaseUrl, directory, target);
        if (result.moved !== null) lockedMs.push(result.lockedMs);
        return over.signal.aborted || (result.moved?.last ?? 0) > target - 100;
      },
      60_000,
      () => result,
    );
  }
  const restored = await restoreAll(server.databaseUrl, directory);
  expect(restored?.first).toBe(1);
  expect(lockedMs.length).toBeGreaterThanOrEqual(3);
  over.abort();
  expect(await ended).toBeNull();
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
  const rows = await sql<{ total: string }>(
    server.database,
    `select sum((data ->> 'amount')::numeric)::text as total from events where type = 'CashDeposited'`,
  );
  expect(Number(rows[0]?.total)).toBe(answers);
  expect(await countOf(server.database, 'events')).toBeGreaterThan(600);
}, 180_000);
