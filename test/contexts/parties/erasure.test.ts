import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEventSource } from '../../../src/bridges/source.ts';
import { openStateSource } from '../../../src/bridges/state-source.ts';
import { changePerson } from '../../../src/contexts/parties/commands.ts';
import { personsView } from '../../../src/contexts/parties/views.ts';
import { allRoles } from '../../../src/kernel/role.ts';
import { findText, hashOfLog } from '../../support/all-text.ts';
import { subscribe } from '../../support/live.ts';
import { createOwner, type Owner, ownerQuery, runMutation } from '../../support/people.ts';
import { sql } from '../../support/rows.ts';
import { createTestServer, startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

let server: TestServer;
let other: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  server = await createTestServer();
  other = await startTestServer(server.databaseUrl, server.database);
});
afterAll(async () => {
  await other.stop();
  await server.dispose();
});

async function ask(url: string, query: string, variables: object = {}): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return response.text();
}

const leaks = (text: string, { secrets }: Owner): readonly string[] =>
  secrets.filter((secret) => text.includes(secret));

async function headOf(): Promise<number> {
  return (await server.engine.log.head()).sequence;
}

/** What bridges send from the beginning of the log: events, and documents of people. */
async function bridged(): Promise<{ readonly events: string; readonly states: string }> {
  const { log, feed, views, keys } = server.engine;
  const { signal } = new AbortController();
  const limit = 10_000;
  const parts = { log, feed, keys, ledger: 'l', limit };
  const events = openEventSource({ ...parts, filter: {}, definitions: new Map() }, signal);
  const states = openStateSource({ ...parts, views, view: personsView }, signal);
  return {
    events: JSON.stringify(await events.page(0, 5_000)),
    states: JSON.stringify(await states.page(0, 5_000)),
  };
}

test('after an erasure no text of the person is anywhere, and the log has every byte', async () => {
  const owner = await createOwner(server);
  const stranger = await createOwner(server);
  const { personId, accountId } = owner;
  const request = { options: {}, actor: 'ann', roles: allRoles, transport: 'http' } as const;
  // Enough events for a snapshot of the stream.
  await Promise.all(
    Array.from({ length: 510 }, () =>
      server.engine.processor.submit({
        ...request,
        definition: changePerson,
        input: { personId, name: owner.secrets[1], emailRemoved: false },
        correlationId: null,
        causationId: null,
      }),
    ),
  );
  const snapshots = () =>
    sql(server.database, "select from stream_snapshots where stream_id like 'person-%'");
  await until(async () => (await snapshots()).length > 0);
  await until(() => server.engine.views.checkpoint() >= server.engine.feed.tail());
  const head = await headOf();
  const variables = { person: personId, account: accountId };
  const before = await bridged();
  const shown = await ask(server.url, ownerQuery, variables);
  expect(leaks(shown + before.events, owner)).toEqual(owner.secrets);
  expect(leaks(before.states, owner)).toEqual(owner.secrets.slice(1, 3));
  const hash = await hashOfLog(server.database, head);
  // Not even before the erasure has the database a text.
  for (const secret of owner.secrets) expect(await findText(server.database, secret)).toEqual([]);

  const erased = await runMutation(server, 'erasePerson', { personId }, 'person { name erasedAt }');
  expect(erased).toMatchObject({ person: { name: null } });
  expect(await hashOfLog(server.database, head)).toBe(hash);
  for (const secret of owner.secrets) expect(await findText(server.database, secret)).toEqual([]);
  for (let asOf = 0; asOf <= head; asOf += 1) {
    // The many changes are all alike.
    if (asOf > 30 && asOf < head - 3) continue;
    const answer = await ask(server.url, ownerQuery, { ...variables, asOf: String(asOf) });
    expect([asOf, leaks(answer, owner)]).toEqual([asOf, []]);
    expect(answer).not.toContain('"errors"');
  }
  await until(() => server.engine.views.checkpoint() >= server.engine.feed.tail());
  const sent = await bridged();
  expect(leaks(sent.events + sent.states, owner)).toEqual([]);
  expect(leaks(sent.events, stranger)).toEqual(stranger.secrets);
  const row = `select wrapped_key, master_key, erased_at from personal_keys where subject = $1`;
  expect(await sql(server.database, row, [personId])).toEqual([
    { wrapped_key: null, master_key: null, erased_at: expect.stringMatching(/^20/) },
  ]);
});

test('another server reads nothing of a forgotten person within a second', async () => {
  const owner = await createOwner(server);
  const asOf = String(await headOf());
  const variables = { person: owner.personId, account: owner.accountId, asOf };
  expect(leaks(await ask(other.url, ownerQuery, variables), owner)).toEqual(owner.secrets);
  await runMutation(server, 'erasePerson', { personId: owner.personId });
  await pause(1_000);
  const answer = await ask(other.url, ownerQuery, variables);
  expect(leaks(answer, owner)).toEqual([]);
  expect(answer).toMatch(/"erasedAt":"20/);
});

test('subscriptions send the state without the texts, and replay events without them', async () => {
  const owner = await createOwner(server);
  const { personId, accountId } = owner;
  const live = `subscription { live { account(id: "${accountId}") { holder { name erasedAt }
    history(first: 50) { nodes { data } } } } }`;
  const all = 'subscription { events(after: "0") { sequence event { data } } }';
  const states = [server.url, other.url].map((url) => subscribe<object>(url, live));
  const textOf = (frames: readonly object[]) => JSON.stringify(frames.at(-1) ?? {});
  const shown = [owner.secrets[1], owner.secrets[3], owner.secrets[4]];
  for (const state of states) {
    await state.until((frames) => shown.every((text) => textOf(frames).includes(text ?? '?')));
  }
  // Nothing else of what this one reads changes when the person is forgotten.
  const notes = `subscription { live { account(id: "${accountId}") {
    history(first: 50) { nodes { ... on CashDeposited { reference } } } } } }`;
  const noted = subscribe<object>(other.url, notes);
  await noted.until((frames) => leaks(textOf(frames), owner).length > 0);
  const { sequence } = await runMutation(server, 'erasePerson', { personId });
  await noted.until((frames) => leaks(textOf(frames), owner).length === 0);
  await noted.cut();
  for (const state of states) {
    await state.until((frames) => textOf(frames).includes('"erasedAt":"20'));
    expect(leaks(textOf(state.frames), owner)).toEqual([]);
    await state.cut();
  }
  const replay = subscribe<{ readonly events: { readonly sequence: string } }>(server.url, all);
  await replay.until((frames) => Number(frames.at(-1)?.events.sequence) >= Number(sequence));
  expect(leaks(JSON.stringify(replay.frames), owner)).toEqual([]);
  await replay.cut();
});

test('an owner who never registered can be forgotten, and nothing is kept afterwards', async () => {
  const [personId, accountId] = [`unknown-${randomUUID()}`, randomUUID()];
  await runMutation(server, 'openAccount', { accountId, owner: personId, currency: 'USD' });
  expect(await runMutation(server, 'erasePerson', { personId })).toMatchObject({
    code: 'PERSON_NOT_FOUND',
  });
  const deposit = { accountId, amount: '1.00', reference: 'nobody knows' };
  const selection = 'events { data schemaVersion }';
  await runMutation(server, 'depositCash', deposit);
  // On the other server, which has not seen the key.
  const asked = {
    send: (query: string, variables = {}) =>
      ask(other.url, query, variables).then((text) => JSON.parse(text)),
  };
  const erased = await runMutation(
    asked as never,
    'erasePerson',
    { personId },
    'person { erasedAt }',
  );
  expect(erased).toMatchObject({ person: { erasedAt: expect.stringMatching(/^20/) } });
  await until(() => server.engine.feed.tail() >= Number(erased['sequence']));
  const later = await runMutation(server, 'depositCash', deposit, selection);
  expect(later).toMatchObject({ events: [{ data: { reference: null }, schemaVersion: 1 }] });
  expect(await findText(server.database, 'nobody knows')).toEqual([]);
  const again = await runMutation(server, 'erasePerson', { personId }, 'events { type }');
  expect(again).toMatchObject({ events: [] });
});

test('a dry run shows the text, creates no key, and shows none of a forgotten person', async () => {
  const [personId, accountId] = [`dry-${randomUUID()}`, randomUUID()];
  await runMutation(server, 'openAccount', { accountId, owner: personId, currency: 'USD' });
  const deposit = { accountId, amount: '1.00', reference: 'only a draft', dryRun: true };
  const proposed = 'proposedEvents { data }';
  const shown = { proposedEvents: [{ data: { reference: 'only a draft' } }] };
  expect(await runMutation(server, 'depositCash', deposit, proposed)).toMatchObject(shown);
  const count = () =>
    sql(server.database, 'select from personal_keys where subject = $1', [personId]);
  expect(await count()).toEqual([]);
  await runMutation(server, 'depositCash', { ...deposit, dryRun: false });
  expect(await runMutation(server, 'depositCash', deposit, proposed)).toMatchObject(shown);
  const dry = await runMutation(
    server,
    'erasePerson',
    { personId, dryRun: true },
    'person { name erasedAt } proposedEvents { type }',
  );
  expect(dry).toMatchObject({ proposedEvents: [{ type: 'PersonErased' }] });
  expect(await count()).toEqual([{}]);
  await runMutation(server, 'erasePerson', { personId });
  expect(await runMutation(server, 'depositCash', deposit, proposed)).toMatchObject({
    proposedEvents: [{ data: { reference: null } }],
  });
});
