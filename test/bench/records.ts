import { type Bench, repeat } from './support/bench.ts';
import { toRate } from './support/comparison.ts';
import type { Rate } from './support/measure-rate.mjs';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const streams = 1_000;
const concurrency = 64;
/** Short turns, one after the other, so that a slow minute of the machine slows both. */
const turnsPerRound = 4;

/** Deposits with the records of their commands, compared with deposits without. */
export const records: Bench = {
  name: 'records',
  method:
    `${concurrency} deposits at a time, to random ones of ${streams} accounts, with ` +
    'processor.submit on the log alone. Two processes take turns: one keeps the records of ' +
    `commands, the other does not. A round is ${turnsPerRound} turns of each.`,
  run: (stage) => {
    const file = new URL('support/records-worker.ts', import.meta.url);
    const kept = startWorker(file);
    const none = startWorker(file);
    return stage.withWorkers([kept, none], async () => {
      stage.progress('records: opening accounts');
      for (const [worker, recordsCommands] of [
        [kept, true],
        [none, false],
      ] as const) {
        const url = await stage.database(recordsCommands ? 'records' : 'no_records');
        await worker.call('start', { url, streams, recordsCommands });
      }
      const rounds = await repeat(stage.timing.rounds, async (round) => {
        const turns = await repeat(turnsPerRound, async () => ({
          none: await measure(stage, none),
          kept: await measure(stage, kept),
        }));
        const figures = { kept: meanOf(turns, 'kept'), none: meanOf(turns, 'none') };
        const texts = [figures.kept, figures.none].map((rate) => `${Math.round(rate)}/s`);
        stage.progress(`records: round ${round}: ${texts[0]} with records, ${texts[1]} without`);
        return figures;
      });
      return [
        {
          what: 'deposits with their records',
          ours: toRate(rounds.map((round) => round.kept)),
          peer: 'deposits without records',
          theirs: toRate(rounds.map((round) => round.none)),
          target: { atLeast: 0.9 },
        },
      ];
    });
  },
};

type Turn = Readonly<Record<'kept' | 'none', number>>;

function meanOf(turns: readonly Turn[], name: keyof Turn): number {
  return turns.reduce((sum, turn) => sum + turn[name], 0) / turns.length;
}

async function measure({ timing, progress }: Stage, worker: Worker): Promise<number> {
  const measuredMs = timing.measuredMs / turnsPerRound;
  const warmUpMs = timing.warmUpMs / turnsPerRound;
  const rate = await worker.call<Rate>('deposit', { measuredMs, warmUpMs, concurrency });
  if (rate.failure !== null) progress(`  ${rate.failed} failed, first: ${rate.failure}`);
  return rate.perSecond;
}
