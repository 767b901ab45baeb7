import { createServer } from 'node:http';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { createSchema, createYoga } from 'graphql-yoga';
import { answerJobs } from '../support/answer-jobs.mjs';
import {
  AccountNotFound,
  accountOpened,
  deposit,
  handle,
  toAmount,
  toStreamName,
} from './emmett-account.mjs';
import { listen } from './listen.mjs';

/** The contract's depositCash, as far as the bench asks for it, on Yoga and Emmett. */
const typeDefs = `
  scalar Decimal
  type Query { nothing: Boolean }
  type Mutation { depositCash(input: DepositCashInput!): DepositCashResult! }
  input DepositCashInput { accountId: ID! amount: Decimal! reference: String }
  union DepositCashResult = DepositCashPayload | AccountNotFoundError
  type DepositCashPayload { sequence: String! account: Account! }
  type Account { id: ID! balance: Decimal! }
  interface Error { code: String! message: String! }
  type AccountNotFoundError implements Error { code: String! message: String! }
`;

answerJobs({
  async listen({ url, accountIds }) {
    const store = getPostgreSQLEventStore(url);
    await store.schema.migrate();
    for (const id of accountIds) await store.appendToStream(toStreamName(id), [accountOpened]);
    const resolvers = { Mutation: { depositCash: (_, { input }) => depositCash(store, input) } };
    return listen(createServer(createYoga({ schema: createSchema({ typeDefs, resolvers }) })));
  },
});

async function depositCash(store, { accountId, amount }) {
  try {
    const { newState, lastEventGlobalPosition } = await handle(store, accountId, deposit(amount));
    return {
      __typename: 'DepositCashPayload',
      sequence: String(lastEventGlobalPosition),
      account: { id: accountId, balance: toAmount(newState.cents) },
    };
  } catch (error) {
    if (!(error instanceof AccountNotFound)) throw error;
    return { __typename: 'AccountNotFoundError', code: error.code, message: error.message };
  }
}
