import { NewerEventError } from '../kernel/upgrade-needed.ts';
import type { Log } from '../log/log.ts';
import type { Feed } from './feed.ts';

/** Tracks an event that only a newer program can read, and whether readers can get past it. */
export interface NewerProgram {
  /** The error for an event after the checkpoint that this program cannot read; null if none. */
  eventAfter(checkpoint: number): NewerEventError | null;
  /** Whether a newer program has had time to advance past that event, and none has done so. */
  isOverdue(checkpoint: number): boolean;
  /** Records an event that could not be read; false for any other error. */
  note(error: unknown): boolean;
  /** Whether any of the readers with these checkpoints can advance in this program. */
  canMove(checkpoints: readonly number[]): Promise<boolean>;
}

/** Every process looks for free leases once a second, so a newer program has taken over by then. */
const takeOverMs = 5_000;

export function createNewerProgram(options: {
  readonly log: Pick<Log, 'events'>;
  readonly feed: Pick<Feed, 'unreadable'>;
}): NewerProgram {
  const { log, feed } = options;
  let noted: NewerEventError | null = null;
  let met = { sequence: 0, at: 0 };

  /**
   * Forgets the event if it can be read now: a replaced log may have another event there, or none.
   */
  async function forgetIfReadable({ sequence }: NewerEventError): Promise<void> {
    const page = { after: sequence - 1, before: sequence + 1, limit: 1 };
    try {
      await log.events({}, page);
      noted = null;
    } catch (error) {
      if (!(error instanceof NewerEventError)) throw error;
    }
  }

  function eventAfter(checkpoint: number): NewerEventError | null {
    const event = feed.unreadable() ?? noted;
    if (event !== null && event.sequence !== met.sequence) {
      met = { sequence: event.sequence, at: performance.now() };
    }
    return event !== null && checkpoint < event.sequence ? event : null;
  }

  return {
    eventAfter,
    isOverdue: (checkpoint) =>
      eventAfter(checkpoint) !== null && performance.now() - met.at > takeOverMs,
    note(error) {
      if (!(error instanceof NewerEventError)) return false;
      noted = error;
      return true;
    },
    async canMove(checkpoints) {
      if (feed.unreadable() !== null) return false;
      if (noted !== null) await forgetIfReadable(noted);
      return noted === null || checkpoints.some((checkpoint) => eventAfter(checkpoint) === null);
    },
  };
}
