import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import { batchOf, pending } from '../support/batches.ts';
import { subscribe } from '../support/live.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
const newer = randomUUID();
const other = randomUUID();

beforeAll(async () => {
  server = await createTestServer();
  for (const id of [newer, other]) await server.send(openAccount, { id });
  const streamId = `account-${newer}`;
  const log = createLog(server.database, new Map());
  // The third event of the log, as a later release would append it.
  const type = 'CashDeposited';
  await log.append(batchOf([pending(streamId, 2, { type, schemaVersion: 9, data: {} })]));
  await until(() => server.engine.views.isLeftBehind(), 20_000);
});

afterAll(async () => {
  await server.dispose();
});

const openAccount = `mutation M($id: ID) {
  openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) { __typename } }`;
const deposit = `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) {
  __typename ... on DepositCashPayload { account { balance } } } }`;
const account = `query Q($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { balance } }`;
const needed = [
  {
    message: expect.stringContaining('version 9 of CashDeposited, event 3; it knows version 2'),
    extensions: { code: 'UPGRADE_NEEDED' },
  },
];

test('reads at or after the event fail at once with the reason, and earlier reads succeed', async () => {
  const began = performance.now();
  expect((await server.send(account, { id: other })).errors).toMatchObject(needed);
  expect((await server.send(account, { id: other, asOf: '3' })).errors).toMatchObject(needed);
  expect(performance.now() - began).toBeLessThan(4_000);
  const before = await server.send(account, { id: newer, asOf: '2' });
  expect(before).toMatchObject({ data: { account: { balance: '0.00' } } });
});

test('the views show at which event they have stopped, and why', async () => {
  const query = '{ views { status checkpoint failedAt error } }';
  const { data } = await server.send<{ views: readonly object[] }>(query);
  const error = needed[0]?.message;
  const stopped = { status: 'LIVE', checkpoint: '2', failedAt: '3', error };
  expect(data.views).toEqual(data.views.map(() => stopped));
});

test('events before it can be read, but not the event itself', async () => {
  const events = 'query Q($asOf: Moment) { events(first: 2, asOf: $asOf) { nodes { type } } }';
  const before = await server.send(events, { asOf: '2' });
  expect(before.data).toMatchObject({ events: { nodes: [{}, {}] } });
  expect((await server.send(events)).errors).toMatchObject(needed);
});

test('commands on its stream are refused, and commands on other streams are not', async () => {
  expect((await server.send(deposit, { id: newer })).errors).toMatchObject(needed);
  const answer = await server.send(deposit, { id: other });
  expect(answer.data).toMatchObject({ depositCash: { account: { balance: '1.00' } } });
});

test('subscriptions send the events before it and end with the reason', async () => {
  const events = subscribe(server.url, 'subscription { events(after: "0") { sequence } }');
  await expect(events.until((frames) => frames.length > 3)).rejects.toMatchObject(needed);
  // The first frame has no event.
  expect(events.frames).toMatchObject(
    ['0', '1', '2'].map((sequence) => ({ events: { sequence } })),
  );
  const query = `subscription { account(id: "${other}") { sequence } }`;
  const state = subscribe(server.url, query);
  await expect(state.until((frames) => frames.length > 1)).rejects.toMatchObject(needed);
});
