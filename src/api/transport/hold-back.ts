import type { GraphQLError } from 'graphql';
import type { Caller } from '../../kernel/role.ts';
import { delay } from '../../lib/delay.ts';
import type { Operations } from './operation.ts';
import { retryAfterOf } from './rate-limited.ts';
import type { Session } from './session.ts';

interface HttpCaller {
  readonly identity: Caller;
  readonly abort: AbortController;
}

/** Waits before RATE_LIMITED is answered if the client does not wait after such answers. */
export async function holdBackAnswer(
  operations: Operations,
  { identity, abort }: HttpCaller,
): Promise<void> {
  const pauseMs = operations.refusalPauseMs(identity);
  if (pauseMs > 0) await delay(pauseMs, abort.signal);
}

/**
 * Reads nothing from a socket for a while if the errors are RATE_LIMITED and its client does not
 * wait after such errors. They are sent at once, and so are frames: only what the client sends
 * waits. Returns the errors.
 */
export function holdBackSocket(
  operations: Operations,
  { socket, identity }: Session,
  errors: readonly GraphQLError[],
): readonly GraphQLError[] {
  if (identity === null || retryAfterOf(errors) === null) return errors;
  const pauseMs = operations.refusalPauseMs(identity);
  if (pauseMs === 0 || socket.isPaused) return errors;
  socket.pause();
  setTimeout(() => socket.resume(), pauseMs);
  return errors;
}
