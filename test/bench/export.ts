import { type Bench, repeat } from './support/bench.ts';
import { toRate, toSize } from './support/comparison.ts';
import type { ExportJob, Transferred } from './support/export-worker.ts';
import { recordedLog, recordLog } from './support/recorded-log.ts';
import { startWorker } from './support/worker.ts';

const mebibyte = 1 << 20;

/** Export and import of a log, compared with COPY of the same rows. */
export const exporting: Bench = {
  name: 'export',
  method:
    `exportLog and importLog on ${recordedLog}; COPY of the same four tables out of the ` +
    'database, and into the same tables of an empty one.',
  async run(stage) {
    const url = await recordLog(stage, 'export');
    const worker = startWorker(new URL('support/export-worker.ts', import.meta.url));
    return stage.withWorkers([worker], async () => {
      const rounds = await repeat(stage.timing.rounds + 1, async (round) => {
        const run = async (job: string) => {
          const target = await stage.database(`daybook_${job.toLowerCase()}_${round}`);
          const result = await worker.call<Transferred>(job, { url, target } as ExportJob);
          const rate = (result.events / result.ms) * 1_000;
          const grown = (result.grownBytes / mebibyte).toFixed(0);
          stage.progress(`export: round ${round}: ${job} ${rate.toFixed(0)}/s, ${grown} MB more`);
          return { rate, megabytes: result.grownBytes / mebibyte };
        };
        return {
          copyOut: await run('copyRowsOut'),
          exported: await run('exportRows'),
          copyIn: await run('copyRowsIn'),
          imported: await run('importRows'),
        };
      });
      const peer = 'COPY of the same rows';
      const sizes = rounds.flatMap(({ exported, imported }) => [
        exported.megabytes,
        imported.megabytes,
      ]);
      return [
        {
          what: 'events exported',
          ours: toRate(rounds.map(({ exported }) => exported.rate)),
          peer,
          theirs: toRate(rounds.map(({ copyOut }) => copyOut.rate)),
          target: null,
        },
        {
          what: 'events imported',
          ours: toRate(rounds.map(({ imported }) => imported.rate)),
          peer: `${peer} out and in`,
          theirs: toRate(rounds.map(({ copyIn }) => copyIn.rate)),
          target: null,
        },
        {
          what: 'memory that an export or import takes',
          ours: toSize([Math.max(...sizes)]),
          peer: 'a fixed limit',
          theirs: null,
          target: { atMost: 300 },
        },
      ];
    });
  },
};
