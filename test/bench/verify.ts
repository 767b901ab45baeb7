import { type Bench, repeat } from './support/bench.ts';
import { toRate, toSize } from './support/comparison.ts';
import { recordedLog, recordLog } from './support/recorded-log.ts';
import type { MeasuredCheck } from './support/verify-worker.ts';
import { startWorker } from './support/worker.ts';

const mebibyte = 1 << 20;

/** The check of the whole log, compared with COPY of the same rows. */
export const verify: Bench = {
  name: 'verify',
  method:
    `verifyLog on ${recordedLog}; COPY of the same four tables over as many connections, ` +
    'whose bytes are dropped.',
  async run(stage) {
    const url = await recordLog(stage, 'verify');
    const reader = startWorker(new URL('support/verify-worker.ts', import.meta.url));
    return stage.withWorkers([reader], async () => {
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
