import { setTimeout as delay } from 'node:timers/promises';
import { type DaybookServer, startDaybookServer } from './daybook-server.ts';
import type { GroupLoad, LoadJob } from './load-job.ts';
import { startPostgres } from './postgres.ts';
import { startWorker, type Worker } from './worker.ts';

/** Everything that the benches of a run share. */
export interface Stage {
  readonly timing: Timing;
  /** The URL of a database on the shared server, created on the first call. */
  database(name: string): Promise<string>;
  /** The shared Daybook server on the database `daybook`, started on the first call. */
  daybook(): Promise<DaybookServer>;
  /** Loads a server from a new generator for the times of the stage, or of the job. */
  load(job: Partial<LoadJob> & LoadTarget): Promise<readonly GroupLoad[]>;
  /** Runs the work and then stops the workers, or whatever else it needs. */
  withWorkers<T>(workers: readonly Pick<Worker, 'stop'>[], work: () => Promise<T>): Promise<T>;
  describePostgres(): Promise<string>;
  /** Writes one line to stderr. */
  progress(line: string): void;
}

type LoadTarget = Omit<LoadJob, 'warmUpMs' | 'measuredMs'>;

export interface Timing {
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly rounds: number;
  /** Whether figures that take minutes are taken, too. */
  readonly isThorough: boolean;
}

type Stop = () => Promise<void>;

const workTimeoutMs = 5_000;

/** Prepares the stage for the work and clears it afterwards; no process and no file is left. */
export async function withStage<T>(
  timing: Timing,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stops = new Set<Stop>();
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  interrupted.catch(() => {});
  progress('starting PostgreSQL');
  const postgres = await startPostgres();
  let working: Promise<T> | null = null;
  try {
    signal.throwIfAborted();
    working = work(createStage(timing, stops, postgres));
    return await Promise.race([working, interrupted]);
  } finally {
    // Interrupted work fails when its servers stop, but may have started others before that.
    await stopAll(stops);
    await Promise.race([working?.catch(() => {}), delay(workTimeoutMs)]);
    await stopAll(stops);
    await postgres.stop();
  }
}

function createStage(
  timing: Timing,
  stops: Set<Stop>,
  postgres: Pick<Stage, 'database'> & { describe(): Promise<string> },
): Stage {
  let daybook: Promise<DaybookServer> | null = null;

  async function startDaybook(): Promise<DaybookServer> {
    progress('starting Daybook');
    const starting = postgres.database('daybook').then((url) => startDaybookServer(url));
    // Added before it has started, so that it is stopped even if the run ends meanwhile.
    stops.add(async () => (await starting).stop());
    return starting;
  }

  async function withWorkers<T>(
    workers: readonly Pick<Worker, 'stop'>[],
    work: () => Promise<T>,
  ): Promise<T> {
    const stopWorkers: Stop = async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    };
    stops.add(stopWorkers);
    try {
      return await work();
    } finally {
      await stopWorkers();
      stops.delete(stopWorkers);
    }
  }

  return {
    timing,
    database: (name) => postgres.database(name),
    daybook: () => {
      daybook ??= startDaybook();
      return daybook;
    },
    load: (job) => {
      const generator = startWorker(new URL('load-process.ts', import.meta.url));
      return withWorkers([generator], () => generator.call('load', { ...timing, ...job }));
    },
    withWorkers,
    describePostgres: () => postgres.describe(),
    progress,
  };
}

/** Stops in reverse order, because what was started later depends on what was started before. */
async function stopAll(stops: Set<Stop>): Promise<void> {
  for (const stop of [...stops].reverse()) {
    stops.delete(stop);
    await stop().catch((error: unknown) => progress(`could not stop: ${error}`));
  }
}

function progress(line: string): void {
  process.stderr.write(`· ${line}\n`);
}
