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

/** The texts that successful answers to these operations contain. */
export const depositExpected = '"__typename":"DepositCashPayload"';
export const openingExpected = '"__typename":"OpenAccountPayload"';
export const accountExpected = '"__typename":"Account"';

/** The JSON that is posted to deposit 1.00. */
export function toDepositBody(accountId: string): string {
  return JSON.stringify({ query: depositCash, variables: { i: { accountId, amount: '1.00' } } });
}

/** The JSON that is posted to open an account. */
export function toOpeningBody(accountId: string): string {
  const variables = { i: { accountId, owner: 'bench', currency: 'USD' } };
  return JSON.stringify({ query: openAccount, variables });
}

/** The JSON that is posted to read an account now. */
export function toAccountBody(id: string): string {
  return JSON.stringify({ query: account, variables: { id } });
}

/** The JSON that is posted to read an account as of a sequence. */
export function toAccountAsOfBody(id: string, sequence: number): string {
  return JSON.stringify({ query: accountAsOf, variables: { id, asOf: String(sequence) } });
}

/** The sequence number in an answer; throws if there is none. */
export function sequenceOf(answer: string): number {
  const sequence = /"sequence":"(\d+)"/.exec(answer)?.[1];
  if (sequence === undefined) throw new Error(`no sequence number in ${answer}`);
  return Number(sequence);
}
