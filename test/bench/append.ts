import { type Bench, repeat } from './support/bench.ts';
import { toRate } from './support/comparison.ts';
import type { Rate } from './support/measure-rate.mjs';
import { startPeer } from './support/peers.ts';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const streams = 500;
const concurrency = 64;

/** Single events through the processor, beside Emmett's event store. */
export const append: Bench = {
  name: 'append',
  method:
    `${concurrency} at a time, each one event into a random one of ${streams} streams, in a ` +
    'process each. Daybook: processor.submit(depositCash) on the whole engine, views included. ' +
    'Emmett: appendToStream without an expected version; what it refuses is not counted.',
  run: (stage) => {
    const engine = startWorker(new URL('support/engine-worker.ts', import.meta.url));
    const emmett = startPeer('emmett-append');
    return stage.withWorkers([engine, emmett], async () => {
      stage.progress('append: opening accounts');
      await engine.call('start', { url: await stage.database('daybook_append'), streams });
      await emmett.call('start', { url: await stage.database('emmett_append'), streams });
      const rounds = await repeat(stage.timing.rounds, async (round) => ({
        daybook: await measure(stage, engine, `Daybook, round ${round}`),
        emmett: await measure(stage, emmett, `Emmett, round ${round}`),
      }));
      return [
        {
          what: `single events, ${concurrency} at a time`,
          ours: toRate(rounds.map(({ daybook }) => daybook.perSecond)),
          peer: 'Emmett 0.42 appendToStream',
          theirs: toRate(rounds.map(({ emmett: figures }) => figures.perSecond)),
          target: { atLeast: 10 },
        },
      ];
    });
  },
};

async function measure(stage: Stage, worker: Worker, what: string): Promise<Rate> {
  const rate = await worker.call<Rate & { readonly viewsMs?: number }>('append', {
    ...stage.timing,
    concurrency,
  });
  const { perSecond, failed, failure, viewsMs } = rate;
  const views = viewsMs === undefined ? '' : `, views there ${viewsMs.toFixed(0)} ms later`;
  stage.progress(`append: ${what}: ${Math.round(perSecond)}/s${views}`);
  if (failure !== null) stage.progress(`  ${failed} failed, first: ${failure}`);
  return rate;
}
