import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEventSource } from '../../src/bridges/source.ts';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { toCanonicalJson } from '../../src/lib/canonical-json.ts';
import { findText } from '../support/all-text.ts';
import { batchOf, outcomeOf, pending } from '../support/batches.ts';
import { createOwner, runMutation } from '../support/people.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

async function openAccount(owner = `owner-${randomUUID()}`): Promise<string> {
  const accountId = randomUUID();
  await runMutation(server, 'openAccount', { accountId, owner, currency: 'USD' });
  return accountId;
}

const historyQuery = `query H($id: ID!) { account(id: $id) { history(last: 5) { nodes {
  eventId schemaVersion data ... on CashDeposited { reference } } } } }`;

interface History {
  readonly account: {
    readonly history: {
      readonly nodes: readonly { readonly eventId: string; readonly reference?: string | null }[];
    };
  };
}

/** Appends a deposit as the release before recorded it. */
async function appendOlder(accountId: string, reference: string, outcome = {}) {
  const data = { amount: '1.00', currency: 'USD', reference };
  const event = pending(`account-${accountId}`, 2, { type: 'CashDeposited', data });
  const outcomes = [outcomeOf('older', { eventCount: 1, offset: 1, ...outcome })];
  await server.engine.log.append(batchOf([event], { outcomes }));
  server.engine.feed.wake();
}

test('an event that was recorded before its field was personal is read as before', async () => {
  const accountId = await openAccount();
  await appendOlder(accountId, 'plain salary');
  await runMutation(server, 'depositCash', { accountId, amount: '2.00', reference: 'sealed' });
  const { data } = await server.send<History>(historyQuery, { id: accountId });
  expect(data.account.history.nodes.slice(-2)).toMatchObject([
    { schemaVersion: 1, data: { reference: 'plain salary' }, reference: 'plain salary' },
    { schemaVersion: 2, data: { reference: 'sealed' }, reference: 'sealed' },
  ]);
});

test('a text that looks like a sealed one stays a text', async () => {
  const accountId = await openAccount();
  const reference = '{"event":"e","sealed":"AAAA","subject":"ada"}';
  await runMutation(server, 'depositCash', { accountId, amount: '2.00', reference });
  const { data } = await server.send<History>(historyQuery, { id: accountId });
  expect(data.account.history.nodes.at(-1)).toMatchObject({ reference });
});

test('a document with the text of another person does not show it', async () => {
  const [one, other] = [await createOwner(server), await createOwner(server)];
  await server.engine.views.waitFor(server.engine.feed.tail(), 5_000);
  await sql(
    server.database,
    `update view_documents set document = jsonb_set(document::jsonb, '{name}', (
       select theirs.document::jsonb -> 'name' from view_documents as theirs
       where theirs.view_id = view_documents.view_id and theirs.key = $2
       order by theirs.sequence desc limit 1))::json
     where key = $1`,
    [one.personId, other.personId],
  );
  const { data, errors } = await server.send(
    'query Q($id: ID!) { person(id: $id) { name email } }',
    {
      id: one.personId,
    },
  );
  expect(data).toEqual({ person: { name: null, email: one.secrets[2] } });
  expect(errors).toMatchObject([{ extensions: { code: 'PERSONAL_DATA_UNREADABLE' } }]);
});

/** Changes events that are recorded, which the database refuses without this. */
async function tamper(change: string, values: readonly unknown[]): Promise<void> {
  await sql(server.database, 'alter table events disable trigger events_are_immutable');
  await sql(server.database, change, values);
  await sql(server.database, 'alter table events enable trigger events_are_immutable');
}

test('a sealed text that was changed or moved is an error that names its event', async () => {
  const accountId = await openAccount();
  for (const reference of ['first', 'second', 'third']) {
    await runMutation(server, 'depositCash', { accountId, amount: '1.00', reference });
  }
  const before = await server.send<History>(historyQuery, { id: accountId });
  const ids = before.data.account.history.nodes.slice(-3).map(({ eventId }) => eventId);
  const [first, second, third] = ids;
  const changed = `update events set data = jsonb_set(data::jsonb, '{reference,sealed}',
    to_jsonb(reverse(data #>> '{reference,sealed}')))::json where id = $1`;
  await tamper(changed, [first]);
  const copied = `update events set data = jsonb_set(data::jsonb, '{reference}',
    (select data::jsonb -> 'reference' from events where id = $2))::json where id = $1`;
  await tamper(copied, [second, third]);
  const { data, errors } = await server.send<History>(
    `query H($id: ID!) { account(id: $id) { history(last: 3) { nodes {
       ... on CashDeposited { reference } } } } }`,
    { id: accountId },
  );
  expect(data.account.history.nodes).toEqual([
    { reference: null },
    { reference: null },
    { reference: 'third' },
  ]);
  expect(errors?.map(({ message, extensions: { code } }) => [message, code])).toEqual([
    [expect.stringContaining(`reference of event ${first} cannot`), 'PERSONAL_DATA_UNREADABLE'],
    [expect.stringContaining(`reference of event ${second} cannot`), 'PERSONAL_DATA_UNREADABLE'],
  ]);
  // A bridge stops before the event instead of sending something else.
  const { log, keys } = server.engine;
  const events = await log.events({}, { after: 0, limit: 1_000 });
  // The feed of the server has the events as they were.
  const feed = { ...server.engine.feed, next: async () => events };
  const definitions = new Map();
  const parts = { log, feed, keys, filter: {}, ledger: 'l', definitions, limit: 1_000 };
  const source = openEventSource(parts, new AbortController().signal);
  await expect(source.page(0, 1_000)).rejects.toMatchObject({ code: 'BRIDGE_PARKED' });
});

async function get(query: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url}/graphql?${new URLSearchParams({ query })}`, {
    headers,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('no cache keeps an answer about a moment that has personal texts', async () => {
  const { personId, accountId } = await createOwner(server);
  const asOf = (await server.engine.log.head()).sequence;
  const account = `account(id: "${accountId}", asOf: "${asOf}")`;
  const personal = [
    `{ ${account} { holder { name } } }`,
    `{ ${account} { holder { erasedAt } } }`,
    `{ ${account} { history { nodes { data } } } }`,
    `{ ${account} { history { nodes { ... on CashDeposited { reference } } } } }`,
    `{ person(id: "${personId}", asOf: "${asOf}") { email } }`,
  ];
  for (const query of personal) {
    const { headers } = await get(query);
    expect([query, headers.get('cache-control')]).toEqual([query, 'no-store']);
    expect(headers.get('etag')).toBeNull();
  }
  const { headers } = await get(`{ ${account} { balance holder { id } } }`);
  expect(headers.get('cache-control')).toContain('immutable');
});

test('the record of a command has its personal texts, until the person is forgotten', async () => {
  const { personId, accountId, secrets } = await createOwner(server);
  const rejected = { accountId, amount: '0.00', reference: 'never recorded' };
  await runMutation(server, 'depositCash', rejected);
  const query = `{ commands(last: 100) { nodes { name input } } }`;
  const shown = JSON.stringify(await server.send(query));
  expect(secrets.filter((secret) => !shown.includes(secret))).toEqual([]);
  expect(shown).not.toContain('never recorded');
  const texts = [...secrets, 'never recorded'];
  for (const text of texts) expect(await findText(server.database, text)).toEqual([]);
  await runMutation(server, 'erasePerson', { personId });
  const after = await server.send(query);
  expect(after.errors).toBeUndefined();
  expect(texts.filter((text) => JSON.stringify(after).includes(text))).toEqual([]);
});

function fingerprintOf(name: string): Promise<readonly { fingerprint: string }[]> {
  return sql(
    server.database,
    'select fingerprint from command_outcomes where idempotency_key = $1',
    [name],
  );
}

test('the fingerprint of an input with personal texts cannot be guessed from the texts', async () => {
  const accountId = await openAccount();
  const input = { accountId, amount: '1.00', reference: 'rent' };
  const idempotencyKey = randomUUID();
  await runMutation(server, 'depositCash', { ...input, idempotencyKey });
  const content = toCanonicalJson(['depositCash', input, {}]);
  const plain = createHash('sha256').update(content).digest('hex');
  const [stored] = await fingerprintOf(idempotencyKey);
  expect(stored?.fingerprint).toMatch(/^hmac-sha256:/);
  const again = await runMutation(server, 'depositCash', { ...input, idempotencyKey });
  expect(again).toMatchObject({ replayed: true });
  const changed = { ...input, reference: 'Rent', idempotencyKey };
  expect(await runMutation(server, 'depositCash', changed)).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  // A key that the release before recorded, with a plain hash.
  const older = randomUUID();
  const accounts = await openAccount();
  const before = { ...input, accountId: accounts };
  const fingerprint = createHash('sha256')
    .update(toCanonicalJson(['depositCash', before, {}]))
    .digest('hex');
  const keyed = { idempotencyKey: older, fingerprint, actor: 'operator' };
  await appendOlder(accounts, 'rent', keyed);
  const replayed = await runMutation(server, 'depositCash', { ...before, idempotencyKey: older });
  expect(replayed).toMatchObject({ replayed: true });
  // An input without personal texts keeps the plain hash, which servers of both releases know.
  const bare = randomUUID();
  await runMutation(server, 'depositCash', { accountId, amount: '1.00', idempotencyKey: bare });
  expect((await fingerprintOf(bare))[0]?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(plain).not.toBe(stored?.fingerprint);
});

test('every event with personal fields says since which version, or had them always', () => {
  const definitions = eventDefinitionsOf(modules.map(({ context }) => context));
  const personal = [...definitions].filter(([, { fields }]) =>
    Object.values(fields).some(({ subjectOf }) => subjectOf !== undefined),
  );
  const since = personal.map(([type, { personalSince = 1 }]) => [type, personalSince]);
  expect(Object.fromEntries(since)).toEqual({
    CashDeposited: 2,
    CashTransferredIn: 2,
    CashTransferredOut: 2,
    CashWithdrawn: 2,
    InterestCredited: 2,
    PersonChanged: 1,
    PersonRegistered: 1,
    SharesDeposited: 3,
  });
});
