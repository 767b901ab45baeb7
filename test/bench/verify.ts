import { type Bench, repeat } from './support/bench.ts';
import { toRate, toSize } from './support/comparison.ts';
import type { MeasuredCheck } from './support/verify-worker.ts';
import { startWorker } from './support/worker.ts';

const recordedMs = 10_000;
const batches = 2_000;
const batchSize = 100;
const mebibyte = 1 << 20;

/** The check of the whole log, compared with COPY of the same rows. */
export const verify: Bench = {
  name: 'verify',
  method:
    'verifyLog on deposits with the records of their commands and ' +
    `${(batches * batchSize).toLocaleString('en')} events in batches of ${batchSize}; COPY of the ` +
    'same four tables over as many connections, whose bytes are dropped.',
  run: (stage) => {
    const commands = startWorker(new URL('support/records-worker.ts', import.meta.url));
    const log = startWorker(new URL('support/log-worker.ts', import.meta.url));
    const reader = startWorker(new URL('support/verify-worker.ts', import.meta.url));
    return stage.withWorkers([commands, log, reader], async () => {
      const url = await stage.database('daybook_verify');
      stage.progress('verify: recording events');
      await commands.call('start', { url, streams: 1_000, recordsCommands: true });
      await commands.call('deposit', { concurrency: 64, warmUpMs: 0, measuredMs: recordedMs });
      await commands.stop();
      await log.call('start', { url });
      await log.call('record', { batches, batchSize, lanes: 2, streamsPerLane: 1_000 });
      await log.stop();
      await reader.call('copy', { url });
      const rounds = await repeat(stage.timing.rounds + 1, async (round) => {
        const copyMs = await reader.call<number>('copy', { url });
        const check = await reader.call<MeasuredCheck>('verify', { url });
        stage.progress(
          `verify: round ${round}: ${check.events} events in ${check.ms.toFixed(0)} ms, ` +
            `COPY ${copyMs.toFixed(0)} ms, ${(check.grownBytes / mebibyte).toFixed(0)} MB more`,
        );
        return { ...check, copyMs };
      });
      return [
        {
          what: 'events verified',
          ours: toRate(rounds.map(({ events, ms }) => (events / ms) * 1_000)),
          peer: 'COPY of the same rows',
          theirs: toRate(rounds.map(({ events, copyMs }) => (events / copyMs) * 1_000)),
          target: { atLeast: 0.3 },
        },
        {
          what: 'memory that a check takes at most',
          ours: toSize([Math.max(...rounds.map(({ grownBytes }) => grownBytes / mebibyte))]),
          peer: 'a fixed limit',
          theirs: null,
          // The young generation alone may take 128 MB, as its settings say.
          target: { atMost: 192 },
        },
      ];
    });
  },
};
