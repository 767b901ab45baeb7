import { whyUnavailable } from '../postgres/errors.ts';

/** More commands are waiting than the processor takes; nothing of this one was done. */
export class OverloadedError extends Error {
  readonly code = 'OVERLOADED';
  constructor(readonly queueMax: number) {
    super(`${queueMax} commands are waiting already: send this one again later`);
  }
}

/** The processor takes no more commands; nothing of this one was done. */
export class StoppedError extends Error {
  readonly code = 'STOPPED';
  constructor() {
    super('the server is stopping: send this command again');
  }
}

/** The database could not be reached or written for too long; nothing of this command was done. */
export class UnavailableError extends Error {
  readonly code = 'UNAVAILABLE';
  constructor(options: ErrorOptions) {
    super(`${whyUnavailable(options.cause)}: send this command again later`, options);
  }
}

/**
 * The connection was lost during the append and the database did not come back in time: the command
 * may have been recorded or not. With an idempotency key it is safe to send it again.
 */
export class OutcomeUnknownError extends Error {
  readonly code = 'OUTCOME_UNKNOWN';
  constructor(options: ErrorOptions) {
    super('the database was lost while it recorded: send again with the same key', options);
  }
}

/** Other processes kept writing the same streams; nothing was written. */
export class ContentionError extends Error {
  readonly code = 'CONTENTION';
  constructor(readonly attempts: number) {
    super(`decided ${attempts} times, overtaken each time: send this command again`);
  }
}

/** What earlier commands have set off went on for too long; nothing of this command was done. */
export class BusyError extends Error {
  readonly code = 'BUSY';
  constructor() {
    super('work that earlier commands have set off is still going on: send this command again');
  }
}
