import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { rebuildViews, undoRebuild } from '../../src/rebuild/rebuild-views.ts';
import { subscribe } from '../support/live.ts';
import { type RebuildingProcess, requestFor, startRebuilding } from '../support/rebuilding.ts';
import {
  type Answer,
  createTestServer,
  startTestServer,
  type TestServer,
} from '../support/server.ts';
import { until } from '../support/until.ts';

const contexts = modules.map(({ context }) => context);
const views = contexts.flatMap((context) => context.views);

let server: TestServer;
/** A second server on the same database, which leads no view. */
let follower: Awaited<ReturnType<typeof startTestServer>>;
let rebuilding: RebuildingProcess;

beforeAll(async () => {
  server = await createTestServer();
  follower = await startTestServer(server.databaseUrl, server.database);
  rebuilding = startRebuilding(server.databaseUrl, eventDefinitionsOf(contexts));
});

afterAll(async () => {
  await rebuilding.stop();
  await follower.stop();
  await server.dispose();
});

async function ask<Data>(url: string, query: string, variables: object): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer<Data>;
}

interface Hammering {
  readonly faults: readonly unknown[];
  readonly count: () => number;
}

/** Repeats work until it is over, and collects what goes wrong. */
function hammer(
  work: () => Promise<unknown>,
  isOver: () => boolean,
): Hammering & {
  readonly done: Promise<void>;
} {
  const faults: unknown[] = [];
  let count = 0;
  const run = async (): Promise<void> => {
    while (!isOver()) {
      const fault = await work().catch((error: unknown) => String(error));
      if (fault !== undefined && fault !== null) faults.push(fault);
      count += 1;
    }
  };
  return { faults, count: () => count, done: run() };
}

const deposit = `mutation($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) {
  ... on DepositCashPayload { sequence } ... on Error { code } } }`;

test('queries, live queries and subscriptions go on while views are swapped', async () => {
  const id = randomUUID();
  await server.send(
    `mutation($id: ID!) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" })
      { __typename } }`,
    { id },
  );
  const urls = [server.url, follower.url];
  // The follower knows the account once its views have reached it.
  for (const url of urls) {
    await until(async () => {
      const { data } = await ask<{ account: object | null }>(
        url,
        'query($id: ID!) { account(id: $id) { id } }',
        { id },
      );
      return data.account !== null;
    });
  }
  const live = urls.flatMap((url) => [
    subscribe<{ account: { account: { balance: string } } }>(
      url,
      'subscription($id: ID!) { account(id: $id) { account { balance } } }',
      { id },
    ),
    subscribe<{ live: { account: { balance: string } } }>(
      url,
      'subscription($id: ID!) { live { account(id: $id) { balance } } }',
      { id },
    ),
  ]);
  let isOver = false;
  const over = (): boolean => isOver;
  let deposits = 0;
  const writing = hammer(async () => {
    const { data, errors } = await ask<{ depositCash: { sequence?: string } }>(
      server.url,
      deposit,
      { id },
    );
    if (data?.depositCash?.sequence === undefined) return { data, errors };
    deposits += 1;
    const at = data.depositCash.sequence;
    const known = deposits;
    // What has just been written is read at its sequence, and a little later as of the past.
    for (const url of urls) {
      const now = await ask<{ account: { balance: string } }>(
        url,
        'query($id: ID!, $at: Moment!) { account(id: $id, asOf: $at) { balance } }',
        { id, at },
      );
      const balance = now.data?.account?.balance;
      if (balance !== `${known}.00`) return { at, balance, errors: now.errors, known };
    }
    return null;
  }, over);
  const reading = urls.map((url) =>
    hammer(async () => {
      const { data, errors } = await ask<{ account: { balance: string } }>(
        url,
        `query($id: ID!) { account(id: $id) { balance }
          accounts(first: 5) { nodes { id } } trialBalance { isBalanced } views { status } }`,
        { id },
      );
      return errors ?? (data.account === null ? data : null);
    }, over),
  );

  await until(() => deposits > 20);
  for (let round = 0; round < 3; round += 1) {
    const results = await rebuildViews(rebuilding.parts, requestFor(views));
    expect(results.map(({ swapped }) => swapped?.isProved)).toEqual(views.map(() => true));
    const known = deposits;
    await until(() => deposits > known + 20);
  }
  const [accounts] = views;
  if (accounts === undefined) throw new Error('no views');
  expect(await undoRebuild(rebuilding.parts, requestFor([accounts]))).toMatchObject([
    { swapped: { sequence: expect.any(Number) } },
  ]);
  const known = deposits;
  await until(() => deposits > known + 20);
  isOver = true;
  await Promise.all([writing, ...reading].map(({ done }) => done));
  for (const { faults, count } of [writing, ...reading]) {
    expect(faults).toEqual([]);
    expect(count()).toBeGreaterThan(80);
  }

  const last = `${deposits}.00`;
  for (const [index, one] of live.entries()) {
    const balancesOf = (frames: readonly object[]) =>
      frames.map((frame) => /"balance":"([^"]+)"/.exec(JSON.stringify(frame))?.[1] ?? '');
    await (
      one as { until(condition: (frames: readonly object[]) => boolean): Promise<void> }
    ).until((frames) => balancesOf(frames).at(-1) === last);
    const balances = balancesOf(one.frames).map(Number);
    expect(balances).toEqual([...new Set(balances)].toSorted((a, b) => a - b));
    // A subscription to a document has every state; a live query may pass over some.
    if (index % 2 === 0) {
      const [first = 0] = balances;
      expect(balances).toEqual(balances.map((_balance, place) => first + place));
    }
    await one.cut();
  }
}, 180_000);
