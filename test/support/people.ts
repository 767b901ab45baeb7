import { randomUUID } from 'node:crypto';
import type { TestServer } from './server.ts';

type Row = Readonly<Record<string, unknown>>;

/** Runs a mutation with a key; returns its payload or its rejection. */
export async function runMutation(
  server: Pick<TestServer, 'send'>,
  name: string,
  input: object,
  selection = '',
): Promise<Row> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const { data, errors } = await server.send<{ readonly answer: Row }>(
    `mutation Run($input: ${type}Input!) { answer: ${name}(input: $input) {
       __typename ... on ${type}Payload { sequence replayed ${selection} }
       ... on Error { code message } } }`,
    { input: { idempotencyKey: randomUUID(), ...input } },
  );
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.answer;
}

/** A person with an account whose events have the person's texts. */
export interface Owner {
  readonly personId: string;
  readonly accountId: string;
  /** Every text that is personal to the owner. */
  readonly secrets: readonly string[];
}

/** Registers a person, changes it, and moves cash into, within and out of its accounts. */
export async function createOwner(server: Pick<TestServer, 'send'>): Promise<Owner> {
  const personId = `owner-${randomUUID()}`;
  const [accountId, otherId] = [randomUUID(), randomUUID()];
  const secret = (what: string) => `${what} ${randomUUID().slice(24)}`;
  const [name, later, note, out, loan, gift] = [
    'Ada',
    'Augusta',
    'pay',
    'rent',
    'loan',
    'gift',
  ].map(secret) as [string, string, string, string, string, string];
  const email = `${randomUUID().slice(24)}@example.com`;
  const run = (command: string, input: object) => runMutation(server, command, input);
  await run('registerPerson', { personId, name, email });
  await run('changePerson', { personId, name: later });
  for (const id of [accountId, otherId]) {
    await run('openAccount', { accountId: id, owner: personId, currency: 'USD' });
  }
  await run('depositCash', { accountId, amount: '100.00', reference: note });
  await run('creditInterest', { accountId, amount: '1.00', reference: loan });
  await run('withdrawCash', { accountId, amount: '1.00', reference: note });
  const transfer = { fromAccountId: accountId, toAccountId: otherId, amount: '5.00' };
  await run('transferCash', { ...transfer, reference: out });
  const symbol = `S${randomUUID().slice(0, 8).toUpperCase()}`;
  const terms = { name: 'Shares', currency: 'USD', tickSize: '0.01', lotSize: '1' };
  await run('listInstrument', { symbol, ...terms });
  const shares = { accountId, symbol, quantity: '1', costPrice: '1', reference: gift };
  await run('depositShares', shares);
  return { personId, accountId, secrets: [name, later, email, note, out, loan, gift] };
}

/** Everything of an owner that the API shows as of a moment. */
export const ownerQuery = `query Owner($person: ID!, $account: ID!, $asOf: Moment) {
  person(id: $person, asOf: $asOf) { name email erasedAt }
  account(id: $account, asOf: $asOf) { holder { name email erasedAt }
    history(first: 100) { nodes { sequence data } } }
  events(last: 200, asOf: $asOf) { nodes { data
    ... on CashDeposited { reference } ... on CashWithdrawn { reference }
    ... on CashTransferredOut { reference } ... on CashTransferredIn { reference }
    ... on InterestCredited { reference } ... on SharesDeposited { reference }
    ... on PersonRegistered { personName email } ... on PersonChanged { personName email } } } }`;
