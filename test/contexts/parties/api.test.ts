import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

type Row = Readonly<Record<string, unknown>>;

async function mutate(name: string, input: object, selection = ''): Promise<Row> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const { data, errors } = await server.send<{ readonly answer: Row }>(
    `mutation Run($input: ${type}Input!) { answer: ${name}(input: $input) {
       __typename ... on ${type}Payload { sequence ${selection} } ... on Error { code message } } }`,
    { input },
  );
  expect(errors).toBeUndefined();
  return data.answer;
}

test('a person is registered, changed, held by an account, and forgotten', async () => {
  const personId = `ada@${randomUUID()}`;
  const person = 'person { id personId name email erasedAt }';
  const email = 'ada@example.com';
  const registered = await mutate('registerPerson', { personId, name: 'Ada King', email }, person);
  const id = `person-${personId.replace('@', '%40')}`;
  const shown = { id, personId, name: 'Ada King', email, erasedAt: null };
  expect(registered).toMatchObject({ person: shown });
  const accountId = randomUUID();
  await mutate('openAccount', { accountId, owner: personId, currency: 'EUR' });
  const deposited = await mutate(
    'depositCash',
    { accountId, amount: '5.00', reference: 'my salary' },
    'events { schemaVersion data ... on CashDeposited { reference } }',
  );
  expect(deposited).toMatchObject({
    events: [{ schemaVersion: 2, data: { reference: 'my salary' }, reference: 'my salary' }],
  });
  const plain = await mutate(
    'depositCash',
    { accountId, amount: '5.00' },
    'events { schemaVersion }',
  );
  expect(plain).toMatchObject({ events: [{ schemaVersion: 1 }] });
  const changed = await mutate('changePerson', { personId, name: 'Ada Lovelace' }, person);
  expect(changed).toMatchObject({ person: { name: 'Ada Lovelace', email } });

  const query = `query Q($id: ID!, $account: ID!, $node: ID!, $asOf: Moment) {
    person(id: $id, asOf: $asOf) { id name email erasedAt }
    node(id: $node) { ... on Person { name } }
    account(id: $account) { holder { name email erasedAt }
      history { nodes { type data ... on CashDeposited { reference } } } } }`;
  const asOf = registered['sequence'];
  const variables = { id: personId, account: accountId, node: `${id}@${asOf}`, asOf };
  const { data, errors } = await server.send<Row>(query, variables);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    person: { name: 'Ada King', id: `${id}@${asOf}` },
    node: { name: 'Ada King' },
    account: { holder: { name: 'Ada Lovelace' } },
  });

  const erased = await mutate('erasePerson', { personId, reason: 'asked' }, person);
  expect(erased).toMatchObject({ person: { name: null, email: null } });
  const after = await server.send<Row>(query, variables);
  expect(after.errors).toBeUndefined();
  const erasedAt = (erased['person'] as Row)['erasedAt'];
  expect(erasedAt).toMatch(/^20/);
  expect(after.data).toMatchObject({
    person: { name: null, email: null, erasedAt },
    node: { name: null },
    account: { holder: { name: null, email: null, erasedAt } },
  });
  expect(JSON.stringify(after.data)).not.toMatch(/salary|Lovelace|King|example/);
  expect(await mutate('erasePerson', { personId }, 'events { type }')).toMatchObject({
    events: [],
  });
  expect(await mutate('changePerson', { personId, name: 'x' })).toMatchObject({
    code: 'PERSON_ERASED',
  });
  expect(await mutate('registerPerson', { personId, name: 'x' })).toMatchObject({
    code: 'PERSON_ERASED',
  });
  expect(
    await mutate(
      'depositCash',
      { accountId, amount: '5.00', reference: 'again' },
      'events { schemaVersion ... on CashDeposited { reference } }',
    ),
  ).toMatchObject({ events: [{ schemaVersion: 1, reference: null }] });
});
