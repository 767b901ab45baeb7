import type { Executor, Query } from '../postgres/database.ts';

/** Resolves times to sequences, and moves the clock of the head only when that is necessary. */
export interface Moments {
  /**
   * The last sequence recorded at or before `time`. The answer is permanent: no later append gets
   * such a time. Null if `time` is in the database's future.
   */
  sequenceAt(time: string): Promise<number | null>;
  /** Records a time that the clock of the head has reached: later events get later times. */
  note(clock: string): void;
}

interface Request {
  readonly time: string;
  resolve(sequence: number | null): void;
  reject(error: unknown): void;
}

const requestsMax = 1_000;

/**
 * Times that the clock of the head has passed are resolved at once and in parallel. Later times
 * need the clock to be moved, which delays appends: one statement at a time moves it for all
 * requests.
 */
export function createMoments(executor: Executor): Moments {
  let clock = '';
  const waiting: Request[] = [];
  let isRunning = false;

  function note(time: string): void {
    if (time > clock) clock = time;
  }

  async function resolveAll(requests: readonly Request[]): Promise<void> {
    const times = requests.map(({ time }) => time);
    try {
      const resolved = await readSequencesAt(executor, times);
      if (resolved.clock !== null) note(resolved.clock);
      for (const [index, { resolve }] of requests.entries()) {
        resolve(resolved.sequences[index] ?? null);
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) await resolveAll(waiting.splice(0, requestsMax));
    isRunning = false;
  }

  return {
    note,
    async sequenceAt(time) {
      if (time <= clock) return readSequenceAt(executor, time);
      return new Promise((resolve, reject) => {
        waiting.push({ time, resolve, reject });
        if (!isRunning) void run();
      });
    },
  };
}

const sequencesAt: Query = {
  name: 'sequence_at_each',
  text: 'select sequences, clock from sequence_at_each($1)',
};

interface Resolved {
  readonly sequences: readonly (number | null)[];
  /** The clock of the head; null if it was never moved. */
  readonly clock: string | null;
}

async function readSequencesAt(executor: Executor, times: readonly string[]): Promise<Resolved> {
  const [row] = await executor.query<Resolved>(sequencesAt, [times]);
  if (row === undefined) throw new Error('sequence_at_each returned no row');
  return row;
}

/** The sequence at one time; see `Moments`. */
export async function readSequenceAt(executor: Executor, time: string): Promise<number | null> {
  return (await readSequencesAt(executor, [time])).sequences[0] ?? null;
}
