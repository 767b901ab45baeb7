import { whyUnavailable } from '../postgres/errors.ts';

/** The queue of the processor is full; the command has had no effect. */
export class OverloadedError extends Error {
  readonly code = 'OVERLOADED';
  constructor(readonly queueMax: number) {
    super(`${queueMax} commands are already waiting: send this command again later`);
  }
}

/** An earlier command of the same order was not answered; this one has had no effect. */
export class OrderBrokenError extends Error {
  readonly code = 'ABORTED';
  constructor() {
    super('an earlier command was not answered, so this one was not decided');
  }
}

/** The processor is stopping; the command has had no effect. */
export class StoppedError extends Error {
  readonly code = 'STOPPED';
  constructor() {
    super('the server is stopping: send this command again');
  }
}

/** The database could not be reached or written to for too long; the command has had no effect. */
export class UnavailableError extends Error {
  readonly code = 'UNAVAILABLE';
  constructor(options: ErrorOptions) {
    super(`${whyUnavailable(options.cause)}: send this command again later`, options);
  }
}

/**
 * The connection was lost during the append, and the database did not become available again in
 * time. The command may or may not have been recorded. With an idempotency key it is safe to send
 * it again.
 */
export class OutcomeUnknownError extends Error {
  readonly code = 'OUTCOME_UNKNOWN';
  constructor(options: ErrorOptions) {
    super(
      'the connection to the database was lost during the append, so the command may or may not ' +
        'have been recorded: send it again with the same idempotency key',
      options,
    );
  }
}

/** Other processes kept writing to the same streams; the command has had no effect. */
export class ContentionError extends Error {
  readonly code = 'CONTENTION';
  constructor(readonly attempts: number) {
    super(
      `the command was decided ${attempts} times, but the log had changed each time: send it again`,
    );
  }
}

/** Work started by earlier commands did not finish in time; the command has had no effect. */
export class BusyError extends Error {
  readonly code = 'BUSY';
  constructor() {
    super('work started by earlier commands is still in progress: send this command again later');
  }
}
