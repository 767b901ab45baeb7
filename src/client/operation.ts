import type { AccessToken } from './access-token.ts';
import { DaybookError, toDaybookError } from './errors.ts';
import type { Variables } from './idempotency-keys.ts';
import { type Fetch, type PostAnswer, post } from './post.ts';
import { isFinal, mayBeRecorded, type RetryLimits, withRetries } from './retry.ts';
import { higher, type SeenSequence } from './seen-sequence.ts';

export interface Endpoint {
  readonly url: string;
  readonly fetch: Fetch;
  readonly token: AccessToken;
  readonly seen: SeenSequence;
  readonly timeoutMs: number;
  readonly isClosed: () => boolean;
}

/** A query or mutation as it is sent. */
export interface SentOperation {
  readonly text: string;
  readonly name: string | null;
  readonly variables: Variables;
}

/** Sends a query that reads at least what this client has been shown. */
export async function sendQuery(
  endpoint: Endpoint,
  operation: SentOperation & { readonly minSequence: string | null },
  limits: RetryLimits,
): Promise<unknown> {
  return withRetries(limits, () => {
    const minSequence = higher(endpoint.seen.highest(), operation.minSequence);
    return attempt(endpoint, toBody(operation, minSequence), limits.signal);
  });
}

/**
 * Sends a mutation. One that is not repeatable is sent once. `isOutcomeUnknown` of the error is
 * that of all attempts together.
 */
export async function sendMutation(
  endpoint: Endpoint,
  operation: SentOperation & { readonly isRepeatable: boolean },
  limits: RetryLimits,
): Promise<unknown> {
  const body = toBody(operation, null);
  let isOutcomeUnknown = false;
  async function attemptMutation(): Promise<unknown> {
    try {
      return await attempt(endpoint, body, limits.signal);
    } catch (thrown) {
      const error = thrown instanceof DaybookError ? thrown : null;
      // Anything else is the reason of the caller's signal, which may abort at any moment.
      const isUnknown = error === null || mayBeRecorded(error);
      isOutcomeUnknown = isUnknown || (isOutcomeUnknown && !(error !== null && isFinal(error)));
      if (error !== null) error.isOutcomeUnknown = isOutcomeUnknown;
      throw thrown;
    }
  }
  return operation.isRepeatable ? withRetries(limits, attemptMutation) : attemptMutation();
}

function toBody({ text, name, variables }: SentOperation, minSequence: string | null): string {
  return JSON.stringify({
    query: text,
    variables,
    ...(name !== null && { operationName: name }),
    ...(minSequence !== null && { extensions: { daybook: { minSequence } } }),
  });
}

/** Sends a request once, or twice if the token has to be renewed. */
async function attempt(
  endpoint: Endpoint,
  body: string,
  signal: AbortSignal | null,
): Promise<unknown> {
  const { url, fetch, token, seen, timeoutMs } = endpoint;
  if (endpoint.isClosed()) throw new DaybookError('CLIENT_CLOSED', 'the client was closed');
  const sent = await token.current();
  const send = (bearer: string | null): Promise<PostAnswer> =>
    post({ url, fetch, body, token: bearer, signal, timeoutMs });
  try {
    const answer = await send(sent).catch(async (thrown: unknown) => {
      if (!(thrown instanceof DaybookError) || thrown.code !== 'UNAUTHENTICATED') throw thrown;
      const renewed = await token.replace(sent);
      if (renewed === null) throw thrown;
      return send(renewed);
    });
    seen.raise(answer.sequence);
    return answer.data;
  } catch (thrown) {
    signal?.throwIfAborted();
    const error = toDaybookError(thrown);
    if (error.code === 'LOG_REPLACED') seen.reset();
    throw error;
  }
}
