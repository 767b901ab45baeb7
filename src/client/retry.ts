import { codeOf, type DaybookError, toDaybookError } from './errors.ts';

/** What `onRetry` gets before the client waits and tries again. */
export interface RetryNotice {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly error: DaybookError;
  /** 1 before the second attempt, and so on. */
  readonly retry: number;
  readonly delayMs: number;
}

export interface RetryLimits {
  readonly signal: AbortSignal | null;
  /** No attempt begins later than this after the first failure. */
  readonly retryForMs: number;
  readonly onRetry: (error: DaybookError, retry: number, delayMs: number) => void;
}

/** The codes after which the same operation may succeed, as docs/operations.md has them. */
export const passingCodes: ReadonlySet<string | undefined> = new Set([
  ...['TOO_MANY_CONNECTIONS', 'TOO_MANY_SOCKETS', 'TOO_MANY_STREAMS', 'TOO_MANY_OPERATIONS'],
  ...['RATE_LIMITED', 'OVERLOADED', 'BUSY', 'CONTENTION', 'SEQUENCE_NOT_REACHED', 'VIEW_BUILDING'],
  ...['READER_TOO_SLOW', 'STOPPED', 'UNAVAILABLE', 'DATABASE_UNREACHABLE', 'OUTCOME_UNKNOWN'],
]);

const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** The codes of a command's answer after which it may have been recorded. */
const unknownCodes: ReadonlySet<string> = new Set([
  ...['NETWORK_ERROR', 'OUTCOME_UNKNOWN', 'INTERNAL_SERVER_ERROR', 'QUERY_TIMEOUT'],
  ...['SEQUENCE_NOT_REACHED', 'VIEW_BUILDING', 'VIEW_PARKED'],
]);

const firstDelayMs = 100;
const delayMaxMs = 10_000;

/** Whether the operation may succeed if it is sent again. */
export function isPassing({ code, errors, status }: DaybookError): boolean {
  if (errors.length > 0) return errors.some((fault) => passingCodes.has(codeOf(fault)));
  if (code === 'NETWORK_ERROR' || code === 'TOKEN_UNAVAILABLE') return true;
  // An answer of a proxy, or one that was cut off.
  if (code !== 'HTTP_ERROR' || status === null) return false;
  return status === 200 || status >= 502 || passingStatuses.has(status);
}

/** Whether a command that was answered with this error may have been recorded. */
export function mayBeRecorded({ code, errors, status }: DaybookError): boolean {
  if (code === 'HTTP_ERROR') return status === 200 || (status !== null && status >= 500);
  // Below the field of the command, the error is in what it shows and not in the command.
  const isBelow = errors.some(({ path }) => (path?.length ?? 0) > 1);
  return isBelow || unknownCodes.has(code) || errors.some((e) => unknownCodes.has(codeOf(e) ?? ''));
}

/** Whether the server has decided: an earlier attempt cannot have had another outcome. */
export function isFinal(error: DaybookError): boolean {
  const { code, errors } = error;
  return errors.length > 0 && code !== 'UNAUTHENTICATED' && !isPassing(error);
}

/** The time before a retry: twice as long each time, up to 10 s, with jitter. */
export function backOffMs(retry: number, { retryAfterMs }: DaybookError): number {
  const most = Math.min(delayMaxMs, firstDelayMs * 2 ** (retry - 1));
  // Clients that were cut off at the same time should not all come back at the same time.
  return Math.max(retryAfterMs ?? 0, 0) + most * (0.5 + Math.random() / 2);
}

/** Makes attempts until one succeeds, one fails for good, or the time is over. */
export async function withRetries<Value>(
  { signal, retryForMs, onRetry }: RetryLimits,
  attempt: () => Promise<Value>,
): Promise<Value> {
  let endsAt: number | null = null;
  for (let retry = 1; ; retry += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = toDaybookError(thrown);
      const delayMs = backOffMs(retry, error);
      endsAt ??= performance.now() + retryForMs;
      if (!isPassing(error) || performance.now() + delayMs > endsAt) throw error;
      onRetry(error, retry, delayMs);
      await pause(delayMs, signal);
    }
  }
}

/** Functions that end the pauses of others. */
export type WakeUps = Set<() => void>;

/** Waits for a time, or until the signal is aborted, or a function in `wakeUps` is called. */
export function pause(
  delayMs: number,
  signal: AbortSignal | null,
  wakeUps: WakeUps = new Set(),
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      wakeUps.delete(finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal?.addEventListener('abort', finish);
    wakeUps.add(finish);
  });
}
