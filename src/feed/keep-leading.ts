import { delay } from '../lib/delay.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import { type Leadership, type LeadershipOptions, withLeadership } from '../postgres/leadership.ts';
import type { NewerProgram } from './newer-program.ts';

/** Work that follows the log under leases. */
export interface LedWork {
  /** The subject and verb of the log lines, such as "the views are", and their fields. */
  readonly subject: string;
  readonly fields?: object;
  readonly newer: NewerProgram;
  /** How long to wait after an error that lasts until the program or the database is fixed. */
  readonly faultRetryMs: number;
  /** Works until its leadership ends; returns how many milliseconds to wait before the next try. */
  run(executor: Executor, leadership: Leadership): Promise<number>;
  /** Called when the work has ended because the log was replaced. */
  onReplaced(): void;
  /** Called after an error that is neither transient nor for a newer program; must not throw. */
  onFault?(error: unknown): Promise<void>;
  /** Whether this program can read the next event; until then the work waits. */
  canMove(): Promise<boolean>;
}

/** The usual pause before the work is tried again. */
export const retryMs = 500;

/**
 * Keeps work running in this process whenever it can lead, until the signal fires. Logs every error
 * and tries again without a limit; never throws. At an event that this program cannot read, it
 * leaves the work to a newer program, which can.
 */
export async function keepLeading(options: LeadershipOptions, work: LedWork): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    const pauseMs = await leadOnce(options, work);
    do await delay(pauseMs, signal);
    while (!signal.aborted && !(await canMove(work)));
  }
}

async function leadOnce(options: LeadershipOptions, work: LedWork): Promise<number> {
  try {
    return await withLeadership(options, (executor, leadership) => work.run(executor, leadership));
  } catch (error) {
    const isPassing = isTransient(error) || error instanceof LogReplacedError;
    await report(options, work, error);
    return isPassing ? retryMs : work.faultRetryMs;
  }
}

async function report(
  { logger, signal }: LeadershipOptions,
  work: LedWork,
  error: unknown,
): Promise<void> {
  const { subject, fields, newer } = work;
  if (newer.note(error)) {
    const reason = toOneLine(error);
    logger.error({ ...fields, reason }, `${subject} left to a newer program`);
  } else if (error instanceof LogReplacedError) {
    work.onReplaced();
  } else {
    logger.warn({ ...fields, err: error }, `${subject} stopped; trying again`);
    if (!isTransient(error) && !signal.aborted) await work.onFault?.(error);
  }
}

async function canMove(work: LedWork): Promise<boolean> {
  try {
    return await work.canMove();
  } catch {
    // The database cannot be reached: the next try reports it.
    return true;
  }
}
