import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type TransportError, toBody } from './reply-error.ts';
import { discardBody } from './request-body.ts';

interface Reply {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | null;
}

/** Sends a complete answer; does nothing if one was sent or the caller has disconnected. */
export function reply(response: ServerResponse, { status, headers, body }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-length': body == null ? 0 : Buffer.byteLength(body),
    ...headers,
  });
  response.end(body ?? undefined);
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  reply(response, { status, headers, body: JSON.stringify(value) });
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
    'content-type': 'application/json; charset=utf-8',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': `${retryAfterSeconds}` }),
  };
  reply(response, { status, headers, body: toBody(refusal) });
}
