/** The command line is invalid; the message says what is allowed. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** A file cannot be imported at all; other files still can. */
export class FileError extends Error {
  readonly code = 'FILE_UNUSABLE';
}

/** The server does not answer, or its answer cannot be used; the import ends. */
export class ServerError extends Error {
  readonly code = 'SERVER_UNUSABLE';
  constructor(
    message: string,
    /** Whether a later attempt may succeed; false if the user must change something first. */
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}

/** The server rejected a request because of its content; a retry would be rejected as well. */
export class RefusedError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The user stopped the import. */
export class InterruptedError extends Error {
  readonly code = 'INTERRUPTED';
}
