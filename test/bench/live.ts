import { randomUUID } from 'node:crypto';
import { type Bench, repeat } from './support/bench.ts';
import { createClient } from './support/client.ts';
import { type Comparison, toDuration } from './support/comparison.ts';
import { openingExpected, toOpeningBody } from './support/contract.ts';
import type { LiveResult } from './support/live-job.ts';
import { startWorker } from './support/worker.ts';

const perSecond = 200;
const accounts = 100;

/** The time from sending a command until its subscribers see the result. */
export const live: Bench = {
  name: 'live',
  method:
    `${perSecond} depositCash a second over HTTP, every other one to the watched account; the ` +
    'time from sending a mutation until its frame arrives on a WebSocket (graphql-transport-ws), ' +
    'compared with the time until the answer to the same mutations. Sender and subscribers share ' +
    'one process and one clock.',
  async run(stage) {
    const { port } = await stage.daybook();
    const [accountId = '', ...otherIds] = Array.from({ length: accounts }, () => randomUUID());
    const bodies = [accountId, ...otherIds].map(toOpeningBody);
    await createClient(port).postAll(bodies, openingExpected);
    const job = { ...stage.timing, port, accountId, otherIds, perSecond };
    const watcher = startWorker(new URL('support/live-process.ts', import.meta.url));
    const rounds = await stage.withWorkers([watcher], () =>
      repeat(stage.timing.rounds, async (round) => {
        const result = await watcher.call<LiveResult>('watch', job);
        const { response, account, events } = result;
        const texts = [response, account, events].map(
          ({ p50Ms, p99Ms }) => `${p50Ms.toFixed(2)} (p99 ${p99Ms.toFixed(2)})`,
        );
        stage.progress(`live: round ${round}: answer, account, events: ${texts.join(', ')} ms`);
        return result;
      }),
    );
    const p50Of = (name: 'response' | 'account' | 'events') =>
      toDuration(rounds.map((result) => result[name].p50Ms));
    const toComparison = (what: string, name: 'account' | 'events'): Comparison => ({
      what,
      ours: p50Of(name),
      peer: "the mutation's answer",
      theirs: p50Of('response'),
      target: { atMost: 2 },
    });
    return [
      toComparison('mutation to frame of account(id), p50', 'account'),
      toComparison('mutation to frame of events, p50', 'events'),
    ];
  },
};
