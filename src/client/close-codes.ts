import { type AnswerFault, answerError, DaybookError, toDaybookError } from './errors.ts';
import { isPassing } from './retry.ts';

/** What a subscription does after its connection or the server has ended it. */
export interface Ending {
  readonly error: DaybookError;
  readonly action: 'resume' | 'renew token' | 'begin again' | 'fail';
}

/** Faults of what the client sends, which would recur: protocol errors, too large a message. */
const fatalCodes: ReadonlySet<number> = new Set([
  ...[1002, 1003, 1007, 1009, 1010, 4004, 4400, 4406, 4409],
]);
const tokenCodes: ReadonlySet<number> = new Set([4401, 4403]);
const logReplacedCode = 4410;

/** Reads what graphql-ws passes on as the error of a subscription. */
export function toEnding(thrown: unknown): Ending {
  if (Array.isArray(thrown)) return ofErrors(thrown as readonly AnswerFault[]);
  if (!isCloseEvent(thrown)) return { error: toDaybookError(thrown), action: 'resume' };
  const { code: status, reason } = thrown;
  const message = reason === '' ? `the WebSocket was closed with ${status}` : reason;
  const errorOf = (code: string) => new DaybookError(code, message, { status });
  if (tokenCodes.has(status)) return { error: errorOf('UNAUTHENTICATED'), action: 'renew token' };
  if (status === logReplacedCode) return { error: errorOf('LOG_REPLACED'), action: 'begin again' };
  if (fatalCodes.has(status)) return { error: errorOf('SOCKET_CLOSED'), action: 'fail' };
  return { error: errorOf('NETWORK_ERROR'), action: 'resume' };
}

function ofErrors(errors: readonly AnswerFault[]): Ending {
  const error = answerError(errors, {});
  if (error.code === 'LOG_REPLACED') return { error, action: 'begin again' };
  return { error, action: isPassing(error) ? 'resume' : 'fail' };
}

interface CloseEventLike {
  readonly code: number;
  readonly reason: string;
}

function isCloseEvent(thrown: unknown): thrown is CloseEventLike {
  const { code, reason } = (thrown ?? {}) as Partial<Record<'code' | 'reason', unknown>>;
  return typeof code === 'number' && typeof reason === 'string';
}
