import { randomUUID } from 'node:crypto';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { answerJobs } from '../support/answer-jobs.mjs';
import { measureRate } from '../support/measure-rate.mjs';
import { accountOpened, toStreamName } from './emmett-account.mjs';

/** Emmett's event store alone: single events into random streams, without an expected version. */
const data = { amount: '1.00', currency: 'USD', reference: null };
let store = null;
let names = [];

answerJobs({
  async start({ url, streams }) {
    store = getPostgreSQLEventStore(url);
    await store.schema.migrate();
    names = Array.from({ length: streams }, () => toStreamName(randomUUID()));
    for (const name of names) await store.appendToStream(name, [accountOpened]);
  },
  append: (options) =>
    measureRate(options, () => {
      const name = names[Math.floor(Math.random() * names.length)];
      return store.appendToStream(name, [{ type: 'CashDeposited', data }]);
    }),
});
