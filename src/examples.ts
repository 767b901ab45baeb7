import type { Example } from './api/transport/graphiql.ts';
import { tradingExamples } from './examples-of-trading.ts';

const accountId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
const savingsId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e50';

/** The tabs of a guided tour, to be run in order. Each can be run again. */
export const examples: readonly Example[] = [
  {
    title: '1. Open two accounts (run this first: Ctrl-Enter)',
    query: `mutation Open($first: OpenAccountInput!, $second: OpenAccountInput!) {
  first: openAccount(input: $first) { ...Opened }
  second: openAccount(input: $second) { ...Opened }
}
fragment Opened on OpenAccountResult {
  __typename
  ... on OpenAccountPayload { sequence replayed account { id owner balance } }
  ... on Error { code message }
}`,
    variables: {
      first: { accountId, owner: 'Ada', currency: 'EUR', idempotencyKey: 'tour-open-1' },
      second: {
        accountId: savingsId,
        owner: 'Ada',
        currency: 'EUR',
        idempotencyKey: 'tour-open-2',
      },
    },
  },
  {
    title: '2. Deposit, then transfer: run it as often as you like',
    query: `mutation Move($deposit: DepositCashInput!, $transfer: TransferCashInput!) {
  depositCash(input: $deposit) {
    __typename
    ... on DepositCashPayload { sequence account { id balance } events { id type recordedAt } }
    ... on Error { code message }
  }
  transferCash(input: $transfer) {
    __typename
    ... on TransferCashPayload { sequence from { id balance } to { id balance } }
    ... on Error { code message }
  }
}`,
    variables: {
      deposit: { accountId, amount: '100.00', reference: 'salary' },
      transfer: { fromAccountId: accountId, toAccountId: savingsId, amount: '30.00' },
    },
  },
  {
    title: '3. Ask the same question at two moments: now, and as of sequence 3',
    query: `query LookBack($id: ID!) {
  now: account(id: $id) { id balance version updatedAt }
  before: account(id: $id, asOf: "3") { id balance version updatedAt }
  log { sequence recordedAt }
}`,
    variables: { id: accountId },
  },
  {
    title: '4. See why: the latest events of the account',
    query: `query Why($id: ID!) {
  account(id: $id) {
    id balance
    history(last: 10) {
      nodes {
        id sequence type recordedAt actor
        ... on CashDeposited { amount reference }
        ... on CashTransferredOut { amount toAccountId }
      }
    }
  }
}`,
    variables: { id: accountId },
  },
  {
    title: '5. Watch the account live (run this, then run tab 2 in another window)',
    query: `subscription Watch($id: ID!) {
  account(id: $id) {
    sequence
    account { id balance available status }
    event { id type recordedAt }
  }
}`,
    variables: { id: accountId },
  },
  {
    title: '6. Watch the log itself, live from its beginning',
    query: `subscription Log {
  events(after: "0") { sequence event { id type streamId recordedAt data } }
}`,
  },
  ...tradingExamples,
];
