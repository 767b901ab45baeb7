import { fromEpochMs, toEpochMs } from '../lib/date-time.ts';
import type { Executor, Query } from '../postgres/database.ts';

/**
 * The database's clock, as this process knows it from the times that the database has told: what has
 * passed since then is measured here, so that a wrong clock of this process does not matter.
 */
export interface LogClock {
  /** Never after the database's time, and never before one given already; null: not heard lately. */
  now(): string | null;
  /** Notes a time that the database told between the sending of a statement and now. */
  note(time: string, sentMs: number): void;
}

/** By then two clocks differ by less than a millisecond, if neither is set. */
const heardMaxMs = 5_000;

/** `elapsedMs`: rises with time and is never set, from whatever beginning. */
export function createLogClock(elapsedMs: () => number = () => performance.now()): LogClock {
  let offsetMs = Number.NEGATIVE_INFINITY;
  let heardMs = Number.NEGATIVE_INFINITY;
  let givenMs = Number.NEGATIVE_INFINITY;
  return {
    note(time, sentMs) {
      const toldMs = toEpochMs(time);
      heardMs = elapsedMs();
      // It was told at some point in between. Of what fits, the earliest: never ahead of its time.
      offsetMs = Math.min(Math.max(offsetMs, toldMs - heardMs), toldMs - sentMs);
    },
    now() {
      const nowMs = elapsedMs();
      if (nowMs - heardMs > heardMaxMs) return null;
      givenMs = Math.max(givenMs, Math.floor(offsetMs + nowMs));
      return fromEpochMs(givenMs);
    },
  };
}

const clock: Query = { name: 'log_clock', text: 'select clock_timestamp() as now' };

/** Asks the database for its time, which it notes. */
export async function readClock(executor: Executor, known: LogClock): Promise<string> {
  const sentMs = performance.now();
  const [row] = await executor.query<{ readonly now: string }>(clock);
  if (row === undefined) throw new Error('the database told no time');
  known.note(row.now, sentMs);
  return known.now() ?? row.now;
}
