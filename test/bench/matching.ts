import { type Bench, repeat } from './support/bench.ts';
import { toRate } from './support/comparison.ts';
import type { MatchingSetup } from './support/matching-worker.ts';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const peer = 'nodejs-order-book 10.1';
const trading = { kind: 'trading', resting: 10_000, requests: 100_000 } as const;
const few = { kind: 'resting', resting: 1_000, requests: 20_000 } as const;
const many = { kind: 'resting', resting: 100_000, requests: 20_000 } as const;
const courses = {
  trading: { engine: 'daybook', ...trading },
  peerTrading: { engine: 'peer', ...trading },
  few: { engine: 'daybook', ...few },
  some: { engine: 'daybook', ...few, resting: 10_000 },
  many: { engine: 'daybook', ...many },
  peerMany: { engine: 'peer', ...many },
} as const satisfies Record<string, MatchingSetup>;
type Name = keyof typeof courses;

/** The matching decider alone, compared with an order book that is changed in place. */
export const matching: Bench = {
  name: 'matching',
  method:
    'the contenders run one after the other, each in its own process, without log and accounts. ' +
    'Daybook: matching, the events that a command would record in the book, with all their ' +
    'texts, and the book after them. The peer: market, limit and cancel on its book with plain ' +
    'numbers, without a journal. Both get the same random orders: 48 % go against the book ' +
    '(half of them limit, a fifth market, a fifth IOC, a tenth FOK); the others rest or cancel ' +
    'and keep the number of resting orders constant. Then cancels alternate with orders that rest.',
  run: (stage) => {
    const names = Object.keys(courses) as Name[];
    const workers = Object.fromEntries(
      names.map((name) => [
        name,
        startWorker(new URL('support/matching-worker.ts', import.meta.url)),
      ]),
    ) as Record<Name, Worker>;
    return stage.withWorkers(Object.values(workers), async () => {
      stage.progress('matching: filling the books');
      for (const name of names) await workers[name].call('prepare', courses[name]);
      const rounds = await repeat(stage.timing.rounds, async (round) => {
        const rates: Partial<Record<Name, number>> = {};
        for (const name of names) {
          rates[name] = await measure(stage, workers[name], `${name}, round ${round}`);
        }
        return rates as Record<Name, number>;
      });
      const rateOf = (name: Name) => toRate(rounds.map((rates) => rates[name]));
      const orders = { what: 'orders/s, 10,000 resting', ours: rateOf('trading') };
      const cancels = 'cancels and inserts/s, 100,000 resting';
      return [
        { ...orders, peer: '', theirs: null, target: { atLeast: 200_000 } },
        { ...orders, peer, theirs: rateOf('peerTrading'), target: { atLeast: 0.5 } },
        { what: cancels, ours: rateOf('many'), peer, theirs: rateOf('peerMany'), target: null },
        ...(['some', 'few'] as const).map((name) => ({
          what: cancels,
          ours: rateOf('many'),
          peer: `Daybook, ${courses[name].resting.toLocaleString('en')} resting`,
          theirs: rateOf(name),
          target: null,
        })),
      ];
    });
  },
};

async function measure(stage: Stage, worker: Worker, what: string): Promise<number> {
  const { warmUpMs, measuredMs } = stage.timing;
  const perSecond = await worker.call<number>('measure', { warmUpMs, measuredMs });
  stage.progress(`matching: ${what}: ${Math.round(perSecond)}/s`);
  return perSecond;
}
