import type { AccessToken } from './access-token.ts';
import { DaybookError, toDaybookError } from './errors.ts';
import type { OperationVariables } from './idempotency-keys.ts';
import { type Fetch, type HttpAnswer, post } from './post.ts';
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
  readonly variables: OperationVariables;
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

/** What is known of a mutation's commands. */
interface Outcome {
  /** Whether they may have been recorded, by any attempt. */
  isUnknown: boolean;
}

/** Sends a mutation, once if it is not repeatable. Keeps the outcome up to date, also in errors. */
export async function sendMutation(
  endpoint: Endpoint,
  operation: SentOperation & { readonly isRepeatable: boolean },
  limits: RetryLimits,
  outcome: Outcome,
): Promise<unknown> {
  const body = toBody(operation, null);
  async function attemptMutation(): Promise<unknown> {
    let isSent = false;
    const fetch: Fetch = (url, init) => {
      isSent = true;
      return endpoint.fetch(url, init);
    };
    try {
      const data = await attempt({ ...endpoint, fetch }, body, limits.signal);
      outcome.isUnknown = false;
      return data;
    } catch (thrown) {
      if (!(thrown instanceof DaybookError)) {
        // The reason of the caller's signal, which may abort at any moment.
        outcome.isUnknown ||= isSent;
      } else {
        outcome.isUnknown = (outcome.isUnknown && !isFinal(thrown)) || mayBeRecorded(thrown);
        thrown.isOutcomeUnknown = outcome.isUnknown;
      }
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
  const send = (bearer: string | null): Promise<HttpAnswer> =>
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
