import { NewerEventError } from '../kernel/upgrade-needed.ts';
import type { Log } from '../log/log.ts';
import type { Feed } from './feed.ts';

/** What this program does not do because of an event that it has met and cannot read. */
export interface NewerProgram {
  /** The event that this program cannot read and that comes after a checkpoint; null: none is known. */
  eventAfter(checkpoint: number): NewerEventError | null;
  /** Whether a newer program has had time to go past that event, and none has. */
  isOverdue(checkpoint: number): boolean;
  /** Takes note of an event that could not be read; false for any other error. */
  note(error: unknown): boolean;
  /** Whether one of some readers can go on here, given their checkpoints. */
  canMove(checkpoints: readonly number[]): Promise<boolean>;
}

/** What nobody moves is looked for every second by all processes: one that can has it by then. */
const takeOverMs = 5_000;

export function createNewerProgram(options: {
  readonly log: Pick<Log, 'events'>;
  readonly feed: Pick<Feed, 'unreadable'>;
}): NewerProgram {
  const { log, feed } = options;
  let noted: NewerEventError | null = null;
  let met = { sequence: 0, at: 0 };

  /** A log that has been replaced may have another event there, or none. */
  async function forgetIfReadable({ sequence }: NewerEventError): Promise<void> {
    const page = { after: sequence - 1, before: sequence + 1, limit: 1, descending: false };
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
