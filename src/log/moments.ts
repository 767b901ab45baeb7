import type { Executor, Query } from '../postgres/database.ts';

/** Resolves times to sequences, and moves the clock of the head for few of them. */
export interface Moments {
  /**
   * The last sequence recorded at or before `time`, for ever: no later append gets such a time.
   * Null when `time` is in the database's future.
   */
  sequenceAt(time: string): Promise<number | null>;
  /** Notes a time at or before which the clock of the head does not come again. */
  note(clock: string): void;
}

interface Asked {
  readonly time: string;
  resolve(sequence: number | null): void;
  reject(error: unknown): void;
}

const togetherMax = 1_000;

/**
 * Times that the clock has passed are resolved at once and side by side. Those after it need it moved,
 * which holds up whoever appends: one statement at a time moves it for all who wait.
 */
export function createMoments(executor: Executor): Moments {
  let clock = '';
  const asked: Asked[] = [];
  let isRunning = false;

  function note(time: string): void {
    if (time > clock) clock = time;
  }

  async function resolveAll(together: readonly Asked[]): Promise<void> {
    const times = together.map(({ time }) => time);
    try {
      const resolved = await readSequencesAt(executor, times);
      note(resolved.clock);
      for (const [index, { resolve }] of together.entries()) {
        resolve(resolved.sequences[index] ?? null);
      }
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (asked.length > 0) {
      const together = asked.splice(0, togetherMax);
      await resolveAll(together);
    }
    isRunning = false;
  }

  return {
    note,
    async sequenceAt(time) {
      if (time <= clock) return readSequenceAt(executor, time);
      return new Promise((resolve, reject) => {
        asked.push({ time, resolve, reject });
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
  /** The clock of the head. */
  readonly clock: string;
}

async function readSequencesAt(executor: Executor, times: readonly string[]): Promise<Resolved> {
  const [row] = await executor.query<Resolved>(sequencesAt, [times]);
  if (row === undefined) throw new Error('sequence_at_each answered no row');
  return row;
}

/** The sequence of one time, as `Moments` answers it. */
export async function readSequenceAt(executor: Executor, time: string): Promise<number | null> {
  return (await readSequencesAt(executor, [time])).sequences[0] ?? null;
}
