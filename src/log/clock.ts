import { fromEpochMs, toEpochMs } from '../lib/date-time.ts';
import type { Executor, Query } from '../postgres/database.ts';

/**
 * The database's clock, estimated from the times that the database has returned. The time since
 * then is measured by a monotonic clock, so a wrong clock of this process does not matter.
 */
export interface LogClock {
  /**
   * The estimated time: never after the database's time, and never before a time returned earlier.
   * Null if the database has returned no time in the last five seconds.
   */
  now(): string | null;
  /** Records a time that the database returned for a statement that was sent at `sentMs`. */
  note(time: string, sentMs: number): void;
}

/** In this time, two clocks drift apart by less than a millisecond, unless one of them is set. */
const notedMaxMs = 5_000;

/** `elapsedMs`: a monotonic clock with any origin. */
export function createLogClock(elapsedMs: () => number = () => performance.now()): LogClock {
  let offsetMs = Number.NEGATIVE_INFINITY;
  let notedMs = Number.NEGATIVE_INFINITY;
  let returnedMs = Number.NEGATIVE_INFINITY;
  return {
    note(time, sentMs) {
      const databaseMs = toEpochMs(time);
      notedMs = elapsedMs();
      // The database read its clock between sending and now, so the offset is within these bounds.
      // The first estimate is the lower bound, so that the clock is never ahead of the database.
      offsetMs = Math.min(Math.max(offsetMs, databaseMs - notedMs), databaseMs - sentMs);
    },
    now() {
      const nowMs = elapsedMs();
      if (nowMs - notedMs > notedMaxMs) return null;
      returnedMs = Math.max(returnedMs, Math.floor(offsetMs + nowMs));
      return fromEpochMs(returnedMs);
    },
  };
}

const clock: Query = { name: 'log_clock', text: 'select clock_timestamp() as now' };

/** Reads the time from the database, and records it in the clock. */
export async function readClock(executor: Executor, known: LogClock): Promise<string> {
  const sentMs = performance.now();
  const [row] = await executor.query<{ readonly now: string }>(clock);
  if (row === undefined) throw new Error('the database returned no time');
  known.note(row.now, sentMs);
  return known.now() ?? row.now;
}
