import { randomUUID } from 'node:crypto';
import { createClient } from '../../src/client/client.ts';
import { type Bench, repeat } from './support/bench.ts';
import { createClient as createPoster } from './support/client.ts';
import { toDuration } from './support/comparison.ts';
import * as contract from './support/contract.ts';
import type { Stage } from './support/stage.ts';
import { percentile } from './support/statistics.ts';

/** An operation and the same operation by `fetch` alone. */
interface Pair {
  readonly byClient: () => Promise<unknown>;
  readonly byFetch: () => Promise<unknown>;
}

/** The client must cost hardly more than the `fetch` that it makes. */
export const client: Bench = {
  name: 'client',
  method:
    'account(id) and depositCash, one at a time, p50, by daybook/client and by fetch with ' +
    'JSON.stringify and JSON.parse, from one process over its connections; the two alternate, ' +
    'and each begins every other pair.',
  async run(stage) {
    const { port } = await stage.daybook();
    const id = randomUUID();
    await createPoster(port).post(contract.toOpeningBody(id), contract.openingExpected);
    const pairs = pairsFor(`http://127.0.0.1:${port}/graphql`, id);
    const comparisons = [];
    for (const [what, pair] of Object.entries(pairs)) {
      const rounds = await repeat(stage.timing.rounds, (round) => measure(stage, pair, round));
      comparisons.push({
        what: `${what} by daybook/client, p50`,
        ours: toDuration(rounds.map(([ours]) => ours)),
        peer: 'by fetch',
        theirs: toDuration(rounds.map(([, theirs]) => theirs)),
        target: { atMost: 1.05 },
      });
    }
    return comparisons;
  },
};

function pairsFor(url: string, id: string): Readonly<Record<string, Pair>> {
  const daybook = createClient({ url });
  const send = async (body: string): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body });
    return JSON.parse(await response.text());
  };
  const ask = JSON.parse(contract.toAccountBody(id));
  const deposit = JSON.parse(contract.toDepositBody(id));
  return {
    'account(id)': {
      byClient: () => daybook.query(ask.query, ask.variables),
      byFetch: () => send(JSON.stringify(ask)),
    },
    depositCash: {
      byClient: () => daybook.mutate(deposit.query, deposit.variables),
      // With a key, because a command with one costs the server more.
      byFetch: () => {
        const i = { ...deposit.variables.i, idempotencyKey: randomUUID() };
        return send(JSON.stringify({ query: deposit.query, variables: { i } }));
      },
    },
  };
}

/** The medians of the client and of `fetch`, in milliseconds. */
async function measure(stage: Stage, { byClient, byFetch }: Pair, round: number) {
  const { warmUpMs, measuredMs } = stage.timing;
  const [ours, theirs]: [number[], number[]] = [[], []];
  const startedAt = performance.now();
  const time = async (work: () => Promise<unknown>, times: number[]): Promise<void> => {
    const sentAt = performance.now();
    await work();
    if (sentAt > startedAt + warmUpMs) times.push(performance.now() - sentAt);
  };
  for (let pair = 0; performance.now() < startedAt + warmUpMs + measuredMs; pair += 1) {
    if (pair % 2 === 0) await time(byClient, ours);
    await time(byFetch, theirs);
    if (pair % 2 === 1) await time(byClient, ours);
  }
  const medians = [percentile(ours, 0.5), percentile(theirs, 0.5)] as const;
  stage.progress(`client: round ${round}: p50 ${medians.map((ms) => ms.toFixed(3)).join(', ')} ms`);
  return medians;
}
