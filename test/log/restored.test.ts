import { afterEach, beforeEach, expect, test } from 'vitest';
import { accountDecider } from '../../src/contexts/accounts/account.ts';
import { depositCash, openAccount, withdrawCash } from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { wholeLog } from '../support/processing.ts';
import { createRestorableDatabase, type RestorableDatabase } from '../support/restorable.ts';
import { until } from '../support/until.ts';

let database: RestorableDatabase;
const engines: TestEngine[] = [];

beforeEach(async () => {
  database = await createRestorableDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.dispose();
});

async function start(): Promise<TestEngine> {
  const engine = await startTestEngine(database.url, [accounts]);
  engines.push(engine);
  return engine;
}

async function open(engine: TestEngine, balance: string): Promise<string> {
  const accountId = newUuid();
  await engine.accept(openAccount, { accountId, owner: 'Ann', currency: 'USD' });
  await engine.accept(depositCash, { accountId, amount: balance });
  return accountId;
}

test('a command is decided on the restored stream, however many events others have written', async () => {
  const server = await start();
  const accountId = await open(server, '105.00');
  await database.keep();
  await server.accept(depositCash, { accountId, amount: '500.00' });
  await database.restore();
  const other = await start();
  // As many events as were lost: the versions of the stream match again.
  await other.accept(depositCash, { accountId, amount: '1.00' });
  await expect(server.accept(withdrawCash, { accountId, amount: '300.00' })).rejects.toThrow(
    /insufficient|available|106/i,
  );
  const { sequence, stateOf } = await server.accept(withdrawCash, { accountId, amount: '6.00' });
  expect(stateOf(accountDecider, accountId)?.balance).toBe('100.00');
  expect(sequence).toBe(4);
});

test('views, feed and epoch of all servers are those of the restored log', async () => {
  const [one, two] = [await start(), await start()];
  const accountId = await open(one, '10.00');
  await database.keep();
  for (let round = 0; round < 20; round += 1) {
    await one.accept(depositCash, { accountId, amount: '1.00' });
  }
  await until(() => one.views.checkpoint() === 22 && two.views.checkpoint() === 22);
  await database.restore();
  const fresh = await start();
  const others = await open(fresh, '7.00');
  for (let round = 0; round < 30; round += 1) {
    const engine = [one, two, fresh][round % 3] as TestEngine;
    await engine.accept(depositCash, { accountId: round % 2 ? accountId : others, amount: '0.10' });
  }
  for (const engine of [one, two, fresh]) {
    await until(() => engine.feed.tail() === 34 && engine.views.checkpoint() === 34);
    const events = await engine.feed.next(0, 100, new AbortController().signal);
    expect(events).toEqual(await fresh.log.events({}, wholeLog));
    expect(engine.log.epoch()).toBe(2);
    const document = await engine.views.document(accountsView, accountId, 34);
    expect(document?.document).toMatchObject({ balance: '11.50' });
    const before = await engine.views.document(accountsView, accountId, 4);
    expect(before?.document).toMatchObject({ balance: '10.00' });
  }
});
