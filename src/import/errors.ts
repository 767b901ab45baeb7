/** A command line that makes no sense; the message says what would. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** A file that cannot be imported at all; the others can. */
export class FileError extends Error {
  readonly code = 'FILE_UNUSABLE';
}

/** The server does not answer, or not as one that could be used; the import ends here. */
export class ServerError extends Error {
  readonly code = 'SERVER_UNUSABLE';
  constructor(
    message: string,
    /** Whether it may be there later; false: something has to be put right first. */
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}

/** The server has refused one request for what is in it; sent again it would be refused again. */
export class RefusedError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The import was told to stop. */
export class InterruptedError extends Error {
  readonly code = 'INTERRUPTED';
}
