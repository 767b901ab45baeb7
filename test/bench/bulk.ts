import { migrate } from '../../src/postgres/migrate.ts';
import { type Bench, repeat } from './support/bench.ts';
import { toRate } from './support/comparison.ts';
import { startPeer } from './support/peers.ts';
import { startWorker } from './support/worker.ts';

const batchSize = 1_000;
const batches = 60;
const lanes = 3;
const streamsPerLane = 250;
const events = batches * batchSize;

/** Batches of events appended directly to the log, compared with COPY of the same rows. */
export const bulk: Bench = {
  name: 'bulk',
  method:
    `${events.toLocaleString('en')} events a round in batches of ${batchSize} with log.append, ` +
    `${lanes} batches at a time, ${lanes * streamsPerLane} streams; then one COPY of the same ` +
    'rows into the events table of another database with the same migrations. Its text is ' +
    'prepared beforehand. A checkpoint precedes each.',
  run: (stage) => {
    const log = startWorker(new URL('support/log-worker.ts', import.meta.url));
    const copy = startPeer('copy');
    return stage.withWorkers([log, copy], async () => {
      const url = await stage.database('daybook_bulk');
      const copyUrl = await stage.database('daybook_copy');
      await migrate(copyUrl);
      await log.call('start', { url });
      const job = { batches, batchSize, lanes, streamsPerLane };
      const rounds = await repeat(stage.timing.rounds, async (round) => {
        const { ms, after } = await log.call<{ ms: number; after: number }>('record', job);
        const taken = await copy.call<number>('take', { url, after });
        if (taken !== events) throw new Error(`${taken} events were recorded, not ${events}`);
        const copyMs = await copy.call<number>('copy', { url: copyUrl });
        stage.progress(`bulk: round ${round}: ${ms.toFixed(0)} ms, COPY ${copyMs.toFixed(0)} ms`);
        return { daybook: (events / ms) * 1000, copy: (events / copyMs) * 1000 };
      });
      return [
        {
          what: `events in batches of ${batchSize}`,
          ours: toRate(rounds.map(({ daybook }) => daybook)),
          peer: 'COPY of the same rows',
          theirs: toRate(rounds.map((figures) => figures.copy)),
          target: { atLeast: 0.5 },
        },
      ];
    });
  },
};
