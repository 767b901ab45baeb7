import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { chooseEncoding, compressedBytesMin, createCompress } from './compression.ts';
import { errorTypeOf } from './media-type.ts';
import { retryAfterOf } from './rate-limited.ts';
import { type TransportError, toBody } from './reply-error.ts';
import { discardBody } from './request-body.ts';
import { securityHeadersFor } from './security-headers.ts';

interface Reply {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  /** A Buffer is a constant page. */
  readonly body?: string | Buffer | null;
}

const compress = createCompress();

/**
 * Sends a complete answer, compressed if it is large and the caller accepts that. Does nothing if
 * one was sent or the caller has disconnected.
 */
export function reply(response: ServerResponse, { status, headers, body }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = body == null ? 0 : Buffer.byteLength(body);
  if (body != null && bytes > compressedBytesMin) {
    replyLarge(response, { status, body, ...(headers && { headers }) }).catch(() => {
      response.destroy();
    });
    return;
  }
  response.writeHead(status, {
    ...securityHeadersFor(response.req),
    'cache-control': 'no-store',
    // In 304, a length would be that of the answer that the caller has.
    ...(status !== 304 && status !== 204 && { 'content-length': bytes }),
    ...headers,
  });
  response.end(body ?? undefined);
}

async function replyLarge(
  response: ServerResponse,
  { status, headers, body }: Reply & { readonly body: string | Buffer },
): Promise<void> {
  const encoding = chooseEncoding(response.req.headers['accept-encoding']);
  const small = encoding === null ? null : await compress(body, encoding);
  // The caller may have disconnected meanwhile.
  if (response.headersSent || response.destroyed) return;
  const sent = small ?? body;
  vary(response, 'Accept-Encoding');
  response.writeHead(status, {
    ...securityHeadersFor(response.req),
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(sent),
    ...(small !== null && encoding !== null && { 'content-encoding': encoding }),
    ...headers,
  });
  response.end(sent);
}

/** Adds the names of request headers on which the answer depends. */
export function vary(response: ServerResponse, ...names: readonly string[]): void {
  const known = response.getHeader('vary');
  const all = typeof known === 'string' ? known.split(', ') : [];
  response.setHeader('vary', [...new Set([...all, ...names])].join(', '));
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  reply(response, { status, headers, body: JSON.stringify(value) });
}

/** Answers with a GraphQL result, in the media type that the caller prefers. */
export function replyResult(
  response: ServerResponse,
  status: number,
  result: ExecutionResult,
): void {
  const retryAfter = retryAfterOf(result.errors);
  const headers = {
    'content-type': resultTypeFor(response),
    ...(retryAfter !== null && { 'retry-after': String(retryAfter) }),
  };
  reply(response, { status, headers, body: JSON.stringify(result) });
}

/** Answers with one GraphQL error, in the form of a result, and discards the rest of the body. */
export function replyError(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: TransportError,
): void {
  replyTransportError(response, refusal);
  discardBody(request);
}

/** Answers with one GraphQL error when the request has been read. */
export function replyTransportError(response: ServerResponse, refusal: TransportError): void {
  const { status, retryAfterSeconds } = refusal;
  const headers = {
    'content-type': resultTypeFor(response),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': `${retryAfterSeconds}` }),
  };
  reply(response, { status, headers, body: toBody(refusal) });
}

function resultTypeFor({ req }: ServerResponse): string {
  return `${errorTypeOf(req.headers.accept)}; charset=utf-8`;
}
