import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type Bench, repeat } from './support/bench.ts';
import { type Comparison, toDuration, toRate } from './support/comparison.ts';
import type { Rate } from './support/measure-rate.mjs';
import type { Stage } from './support/stage.ts';
import { createUnchainedLog } from './support/unchained-log.ts';
import { startWorker, type Worker } from './support/worker.ts';

const streams = 1_000;
const concurrency = 64;
/** Short turns, one after the other, so that a slow minute of the machine slows both. */
const turnsPerRound = 8;
/** The unit of the times in /proc. */
const msPerTick = 10;

/** What the chain of hashes costs an append. */
export const chain: Bench = {
  name: 'chain',
  method:
    `${concurrency} deposits at a time on ${streams} accounts with processor.submit on the log ` +
    'alone, with the records of their commands. Two processes of one build, each with a database, ' +
    'take turns: in one database, the columns of hashes are dropped and append_commands lacks ' +
    `what computes them. A round is ${turnsPerRound} turns of each. PostgreSQL's time is that of ` +
    'the processor, in the processes that serve the database.',
  run(stage) {
    const file = new URL('support/records-worker.ts', import.meta.url);
    const workers = [startWorker(file), startWorker(file)] as const;
    return stage.withWorkers(workers, async () => {
      const chained = await start(stage, workers[0], 'chained_log');
      await createUnchainedLog(await stage.database('unchained_log'));
      const unchained = await start(stage, workers[1], 'unchained_log');
      const rounds = await repeat(stage.timing.rounds, async (round) => {
        const turns = await repeat(turnsPerRound, async (turn) => {
          // Neither is always the first.
          if (turn % 2 === 0) {
            return {
              chained: await measure(stage, chained),
              none: await measure(stage, unchained),
            };
          }
          const none = await measure(stage, unchained);
          return { chained: await measure(stage, chained), none };
        });
        const figures = {
          chained: meanOf(turns.map((each) => each.chained)),
          none: meanOf(turns.map((each) => each.none)),
        };
        const [own, other] = [figures.chained, figures.none].map(
          ({ perSecond, cpuMs }) => `${perSecond.toFixed(0)}/s, ${cpuMs.toFixed(1)} ms for 1,000`,
        );
        stage.progress(`chain: round ${round}: ${own}; without hashes ${other}`);
        return figures;
      });
      return compare(rounds);
    });
  },
};

interface Contender {
  readonly worker: Worker;
  readonly url: string;
}

interface Cost {
  readonly perSecond: number;
  /** The time of PostgreSQL for 1,000 deposits. */
  readonly cpuMs: number;
}

interface Round {
  readonly chained: Cost;
  readonly none: Cost;
}

async function start(stage: Stage, worker: Worker, name: string): Promise<Contender> {
  const url = await stage.database(name);
  await worker.call('start', { url, streams, recordsCommands: true });
  return { worker, url };
}

async function measure({ timing }: Stage, { worker, url }: Contender): Promise<Cost> {
  const before = await usageOf(url);
  const rate = await worker.call<Rate>('deposit', {
    concurrency,
    warmUpMs: timing.warmUpMs / turnsPerRound,
    measuredMs: timing.measuredMs / turnsPerRound,
  });
  if (rate.failure !== null) throw new Error(rate.failure);
  const after = await usageOf(url);
  const cpuMs = ((after.cpuMs - before.cpuMs) / (after.events - before.events)) * 1_000;
  return { perSecond: rate.perSecond, cpuMs };
}

function meanOf(costs: readonly Cost[]): Cost {
  const mean = (figure: (cost: Cost) => number): number =>
    costs.reduce((sum, cost) => sum + figure(cost), 0) / costs.length;
  return { perSecond: mean(({ perSecond }) => perSecond), cpuMs: mean(({ cpuMs }) => cpuMs) };
}

function compare(rounds: readonly Round[]): readonly Comparison[] {
  const peer = 'the same without hashes';
  return [
    {
      what: 'deposits on the chained log',
      ours: toRate(rounds.map(({ chained }) => chained.perSecond)),
      peer,
      theirs: toRate(rounds.map(({ none }) => none.perSecond)),
      target: { atLeast: 0.95 },
    },
    {
      what: "  PostgreSQL's time for 1,000",
      ours: toDuration(rounds.map(({ chained }) => chained.cpuMs)),
      peer,
      theirs: toDuration(rounds.map(({ none }) => none.cpuMs)),
      target: null,
    },
  ];
}

/** The events of a log, and the processor time of the processes that serve its database. */
async function usageOf(url: string): Promise<{ readonly events: number; readonly cpuMs: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ events: number; pids: readonly number[] }>(
      `select (select sequence from log_head)::integer as events, array(
        select pid from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
      ) as pids`,
    );
    const { events = 0, pids = [] } = rows[0] ?? {};
    const times = await Promise.all(pids.map(processorMs));
    return { events, cpuMs: times.reduce((sum, time) => sum + time, 0) };
  } finally {
    await client.end();
  }
}

async function processorMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in parentheses, may have spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * msPerTick;
}
