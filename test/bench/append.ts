import { type Bench, repeat } from './support/bench.ts';
import { toRate } from './support/comparison.ts';
import type { Rate } from './support/measure-rate.mjs';
import { startPeer } from './support/peers.ts';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const streams = 500;
const concurrency = 64;

/** Single events through the processor, compared with Emmett's event store. */
export const append: Bench = {
  name: 'append',
  method:
    `${concurrency} appends at a time, each of one event to a random one of ${streams} streams; ` +
    'each contender has its own process. Daybook: processor.submit(depositCash) on the engine, ' +
    'first without views, because Emmett keeps only the log, then with them. Emmett: ' +
    'appendToStream on its own pool, without an expected version; failed appends are not counted.',
  run: (stage) => {
    const engineFile = new URL('support/engine-worker.ts', import.meta.url);
    const log = startWorker(engineFile);
    const engine = startWorker(engineFile);
    const emmett = startPeer('emmett-append');
    return stage.withWorkers([log, engine, emmett], async () => {
      stage.progress('append: opening accounts');
      const start = async (worker: Worker, database: string, withViews?: boolean) =>
        worker.call('start', { url: await stage.database(database), streams, withViews });
      await start(log, 'daybook_log', false);
      await start(engine, 'daybook_engine', true);
      await start(emmett, 'emmett_append');
      const rounds = await repeat(stage.timing.rounds, async (round) => ({
        log: await measure(stage, log, `the log alone, round ${round}`),
        emmett: await measure(stage, emmett, `Emmett, round ${round}`),
        engine: await measure(stage, engine, `with views, round ${round}`),
      }));
      const rateOf = (name: 'log' | 'emmett' | 'engine') =>
        toRate(rounds.map((round) => round[name].perSecond));
      const what = `single events, ${concurrency} at a time`;
      const beside = { peer: 'Emmett 0.42 appendToStream', theirs: rateOf('emmett') };
      return [
        { what, ours: rateOf('log'), ...beside, target: { atLeast: 10 } },
        { what: '  with the views kept up', ours: rateOf('engine'), ...beside, target: null },
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
  const views = viewsMs === undefined ? '' : `, views caught up ${viewsMs.toFixed(0)} ms later`;
  stage.progress(`append: ${what}: ${Math.round(perSecond)}/s${views}`);
  if (failure !== null) stage.progress(`  ${failed} failed, first: ${failure}`);
  return rate;
}
