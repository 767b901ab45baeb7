/** An error of a GraphQL answer, as the server sends it. */
export interface AnswerFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly [name: string]: unknown };
}

interface ErrorDetails {
  readonly errors?: readonly AnswerFault[];
  readonly status?: number | null;
  readonly data?: unknown;
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/**
 * Why an operation has no answer. Rejections of commands are not errors: they are typed results in
 * the data.
 */
export class DaybookError extends Error {
  override readonly name = 'DaybookError';
  /**
   * The `extensions.code` of the server's first error. Without one, it is a code of the client:
   *
   * - `NETWORK_ERROR`: there was no answer, or not a whole one;
   * - `HTTP_ERROR`: a proxy or another server answered, with `status`;
   * - `TOKEN_UNAVAILABLE`: the function `token` failed;
   * - `SOCKET_CLOSED`: the server closed the WebSocket for a reason that a retry does not remove;
   * - `INVALID_DOCUMENT`, `CURSOR_REQUIRED`: the document cannot be used in this way;
   * - `CLIENT_CLOSED`: the client was closed.
   */
  readonly code: string;
  /** The errors of the answer. */
  readonly errors: readonly AnswerFault[];
  /** The HTTP status, or the close code of the WebSocket; null if there was neither. */
  readonly status: number | null;
  /** The data of an answer that also has errors; null if there is none. */
  readonly data: unknown;
  /** After how many milliseconds the server allows a retry; null if it has not said. */
  readonly retryAfterMs: number | null;
  /**
   * Whether the command may have been recorded. Send it again under the same key to find out: see
   * `unfinished` and `resend`. Always false for queries and subscriptions.
   */
  isOutcomeUnknown = false;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.errors = details.errors ?? [];
    this.status = details.status ?? null;
    this.data = details.data ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** The error for an answer with errors. */
export function answerError(errors: readonly AnswerFault[], details: ErrorDetails): DaybookError {
  const [first] = errors;
  const code = codeOf(first) ?? 'UNKNOWN_ERROR';
  const retryAfterMs = details.retryAfterMs ?? retryAfterMsOf(first);
  return new DaybookError(code, first?.message ?? 'the answer has no data', {
    ...details,
    retryAfterMs,
    errors,
  });
}

/** The error says it in seconds, also where there are no headers. */
function retryAfterMsOf(fault: AnswerFault | undefined): number | null {
  const seconds = fault?.extensions?.['retryAfter'];
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000 : null;
}

export function codeOf(fault: AnswerFault | undefined): string | undefined {
  return fault?.extensions?.code;
}

/** The error itself if it is one of the client's, else a NETWORK_ERROR caused by it. */
export function toDaybookError(error: unknown): DaybookError {
  if (error instanceof DaybookError) return error;
  const { message } = (error ?? {}) as { readonly message?: unknown };
  const reason = typeof message === 'string' && message !== '' ? message : 'the connection failed';
  return new DaybookError('NETWORK_ERROR', reason, { cause: error });
}
