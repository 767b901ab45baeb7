import { delay } from '../lib/delay.ts';
import { InterruptedError, RefusedError, ServerError } from './errors.ts';
import { toPlain } from './visible.ts';

interface ApiClientOptions {
  readonly url: string;
  /** Sent as a bearer token; null if no token is sent. */
  readonly token: string | null;
  /** Ends waiting and prevents new requests; a request that has been sent is finished. */
  readonly signal: AbortSignal;
  readonly attemptsMax?: number;
  /** The first pause between attempts; it doubles each time, up to 20 times this pause. */
  readonly pauseMs?: number;
  readonly requestTimeoutMs?: number;
}

interface Answer<Data> {
  readonly data: Data;
  /** If over 1, an earlier attempt may have succeeded with only its answer lost. */
  readonly attempts: number;
}

export interface ApiClient {
  /**
   * Sends an operation that is safe to repeat. Throws `RefusedError` if the server rejects its
   * content, `ServerError` if no attempt succeeds, and `InterruptedError` after the signal.
   */
  send<Data>(query: string, variables: object, attemptsMax?: number): Promise<Answer<Data>>;
}

interface Reply {
  readonly data?: unknown;
  readonly errors?: readonly Fault[];
}
interface Fault {
  readonly message?: string;
  readonly extensions?: { readonly code?: string };
}

/** The codes of errors that may not occur again at the next attempt. */
const passing: ReadonlySet<string | undefined> = new Set([
  ...['OVERLOADED', 'STOPPED', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'CONTENTION'],
  ...['DATABASE_UNREACHABLE', 'VIEW_BUILDING', 'SEQUENCE_NOT_REACHED', 'INTERNAL_SERVER_ERROR'],
  'QUERY_TIMEOUT',
]);

/** An attempt failed in a way that a later attempt may not. */
class PassingError extends Error {}

/** Creates a client of the GraphQL API over HTTP. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, signal, pauseMs = 250 } = options;

  return {
    async send<Data>(query: string, variables: object, attemptsMax = options.attemptsMax ?? 8) {
      const body = JSON.stringify({ query, variables });
      for (let attempt = 1; ; attempt += 1) {
        if (signal.aborted) throw new InterruptedError('interrupted');
        try {
          return { data: (await post(options, body)) as Data, attempts: attempt };
        } catch (error) {
          if (!(error instanceof PassingError)) throw error;
          if (attempt >= attemptsMax) throw new ServerError(`${url} ${error.message}`, true);
          // Jitter: clients that failed at the same time should not all retry at the same time.
          const pause = Math.min(pauseMs * 2 ** (attempt - 1), pauseMs * 20);
          await delay(pause * (0.5 + Math.random() / 2), signal);
        }
      }
    },
  };
}

async function post(options: ApiClientOptions, body: string): Promise<unknown> {
  const { url, token, requestTimeoutMs = 30_000 } = options;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal: timeout });
    return readReply(options, response.status, await response.text());
  } catch (error) {
    if (!(error instanceof TypeError || (error as Error).name === 'TimeoutError')) throw error;
    throw new PassingError(toReason(error as Error), { cause: error });
  }
}

function readReply({ url, token }: ApiClientOptions, status: number, text: string): unknown {
  const reply = parseReply(text);
  const [fault] = reply?.errors ?? [];
  const code = fault?.extensions?.code;
  const message = toPlain(fault?.message ?? `it answers with status ${status}`);
  if (status === 401 || code === 'UNAUTHENTICATED') {
    const cure = 'set DAYBOOK_TOKEN or --token to a valid token';
    const fault = token === null ? 'requires a token' : 'does not accept the token';
    throw new ServerError(`${url} ${fault}: ${cure}`, false);
  }
  if (passing.has(code) || status >= 500 || status === 429)
    throw new PassingError(`cannot process requests now: ${message}`);
  const isApi = reply !== null && (fault !== undefined || reply.data !== undefined);
  if (!isApi || status === 404) {
    throw new ServerError(
      `${url} is not Daybook's GraphQL API (status ${status}): check --url`,
      false,
    );
  }
  if (status === 403 || status === 421)
    throw new ServerError(`${url} refuses the request: ${message}`, false);
  if (fault !== undefined) throw new RefusedError(code ?? 'REFUSED', message);
  return reply.data;
}

function parseReply(text: string): Reply | null {
  try {
    const reply: unknown = JSON.parse(text);
    return typeof reply === 'object' ? (reply as Reply | null) : null;
  } catch {
    return null;
  }
}

/** The reason of fetch's "fetch failed", which is in its cause. */
function toReason(error: Error): string {
  if (error.name === 'TimeoutError') return 'did not answer in time';
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  if (code === 'ECONNREFUSED') return 'cannot be reached: nothing listens at this address';
  return `cannot be reached: ${code ?? error.message}`;
}
