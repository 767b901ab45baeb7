import { randomUUID } from 'node:crypto';
import { type Bench, repeat } from './support/bench.ts';
import { createClient } from './support/client.ts';
import { type Figure, toDuration } from './support/comparison.ts';
import * as contract from './support/contract.ts';
import type { Stage } from './support/stage.ts';

const fewEvents = 10;
const manyEvents = 20_000;
const momentsAsked = 1_000;

/** Reading an account must cost the same with a long past, and as of a moment in it. */
export const query: Bench = {
  name: 'query',
  method:
    `account(id) over one keep-alive connection, p50; accounts with ${fewEvents} and with ` +
    `${manyEvents.toLocaleString('en')} events; asOf: ${momentsAsked} random sequence numbers ` +
    'between the first and last event of the latter. The three kinds of request alternate.',
  async run(stage) {
    const { port } = await stage.daybook();
    const young = await fill(stage, port, fewEvents);
    const old = await fill(stage, port, manyEvents);
    const asOf = Array.from({ length: momentsAsked }, () => {
      const sequence = old.first + Math.floor(Math.random() * (old.last - old.first + 1));
      return contract.toAccountAsOfBody(old.id, sequence);
    });
    const groups = [[contract.toAccountBody(young.id)], [contract.toAccountBody(old.id)], asOf].map(
      (bodies) => ({ bodies, expected: contract.accountExpected }),
    );
    const rounds = await repeat(stage.timing.rounds, async (round) => {
      const loads = await stage.load({ port, connections: 1, groups });
      for (const { unexpected } of loads) if (unexpected !== null) throw new Error(unexpected);
      const p50s = loads.map(({ p50Ms }) => p50Ms);
      stage.progress(`query: round ${round}: p50 ${p50s.map((ms) => ms.toFixed(3)).join(', ')} ms`);
      return p50s;
    });
    const figureOf = (group: number): Figure =>
      toDuration(rounds.map((p50s) => p50s[group] ?? Number.NaN));
    return [
      {
        what: `account of ${manyEvents.toLocaleString('en')} events, p50`,
        ours: figureOf(1),
        peer: `account of ${fewEvents} events`,
        theirs: figureOf(0),
        target: { atMost: 1.3 },
      },
      {
        what: '  as of a random sequence, p50',
        ours: figureOf(2),
        peer: 'the same account now',
        theirs: figureOf(1),
        target: { atMost: 1.5 },
      },
    ];
  },
};

/** Makes an account with a number of events and waits until its view shows all of them. */
async function fill(stage: Stage, port: number, events: number) {
  const client = createClient(port);
  const id = randomUUID();
  stage.progress(`query: filling an account with ${events} events`);
  await client.post(contract.toOpeningBody(id), contract.openingExpected);
  const deposits = Array.from({ length: events - 2 }, () => contract.toDepositBody(id));
  await client.postAll(deposits, contract.depositExpected);
  const answer = await client.post(contract.toDepositBody(id), contract.depositExpected);
  const last = contract.sequenceOf(answer);
  await client.waitForViews(last);
  await client.post(contract.toAccountBody(id), `"version":${events}`);
  // There is no other writer, so the account's events are the last ones in the log.
  return { id, first: last - events + 1, last };
}
