import { type AnswerFault, answerError, DaybookError } from './errors.ts';
import { sequenceIn } from './seen-sequence.ts';

/** A part of `fetch` that is enough for the client. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

interface PostOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly body: string;
  readonly token: string | null;
  readonly signal: AbortSignal | null;
  readonly timeoutMs: number;
}

/** The data of an answer without errors, and the sequence number that it shows. */
export interface HttpAnswer {
  readonly data: unknown;
  readonly sequence: unknown;
}

interface Body {
  readonly data?: unknown;
  readonly errors?: readonly AnswerFault[];
  readonly extensions?: unknown;
}

/** Sends an operation once. Throws DaybookError, or the reason of the signal. */
export async function post(options: PostOptions): Promise<HttpAnswer> {
  const { response, text } = await exchange(options);
  const body = parseBody(text);
  const { data = null, errors = [], extensions } = body ?? {};
  if (errors.length === 0 && data !== null) {
    return { data, sequence: sequenceIn(extensions) };
  }
  const { status, headers } = response;
  const retryAfterMs = toMilliseconds(headers.get('retry-after'));
  if (body !== null) throw answerError(errors, { status, data, retryAfterMs });
  const code = status === 401 ? 'UNAUTHENTICATED' : 'HTTP_ERROR';
  const message = `the answer with status ${status} is not GraphQL`;
  throw new DaybookError(code, message, { status, retryAfterMs });
}

async function exchange({ url, fetch, body, token, signal, timeoutMs }: PostOptions) {
  signal?.throwIfAborted();
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  const timer = setTimeout(onAbort, timeoutMs);
  signal?.addEventListener('abort', onAbort);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
  };
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal: abort.signal });
    return { response, text: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = abort.signal.aborted
      ? `there was no answer within ${timeoutMs} ms`
      : 'the server could not be reached, or the answer was lost';
    throw new DaybookError('NETWORK_ERROR', reason, { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function parseBody(text: string): Body | null {
  try {
    const body: unknown = JSON.parse(text);
    const isBody =
      typeof body === 'object' && body !== null && ('data' in body || 'errors' in body);
    return isBody ? (body as Body) : null;
  } catch {
    return null;
  }
}

/** The header is a number of seconds or a date. */
function toMilliseconds(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const ms = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
