/** The operations that the benches send, as `test/bench/` needs them: JSON bodies of a POST. */

const depositCash =
  'mutation D($i: DepositCashInput!) { depositCash(input: $i) { __typename ' +
  '... on DepositCashPayload { sequence account { balance } } ... on Error { code message } } }';
const openAccount =
  'mutation O($i: OpenAccountInput!) { openAccount(input: $i) { __typename ' +
  '... on Error { code message } } }';
const account = 'query A($id: ID!) { account(id: $id) { __typename balance version sequence } }';
const accountAsOf =
  'query A($id: ID!, $asOf: Moment) ' +
  '{ account(id: $id, asOf: $asOf) { __typename balance version sequence } }';

export const depositExpected = '"__typename":"DepositCashPayload"';
export const accountExpected = '"__typename":"Account"';

export function toDepositBody(accountId: string): string {
  return JSON.stringify({ query: depositCash, variables: { i: { accountId, amount: '1.00' } } });
}

export function toOpeningBody(accountId: string): string {
  const variables = { i: { accountId, owner: 'bench', currency: 'USD' } };
  return JSON.stringify({ query: openAccount, variables });
}

export function toAccountBody(id: string): string {
  return JSON.stringify({ query: account, variables: { id } });
}

export function toAccountAsOfBody(id: string, sequence: number): string {
  return JSON.stringify({ query: accountAsOf, variables: { id, asOf: String(sequence) } });
}
