import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { answerJobs } from '../support/answer-jobs.mjs';
import { listen } from './listen.mjs';

/** Yoga as its documentation starts it, with a mutation that does nothing at all. */
const schema = createSchema({
  typeDefs: 'type Query { nothing: Boolean } type Mutation { nothing: Boolean! }',
  resolvers: { Mutation: { nothing: () => true } },
});
const server = createServer(createYoga({ schema }));

answerJobs({ listen: () => listen(server) });
