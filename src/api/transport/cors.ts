import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestAccess } from './access.ts';
import { vary } from './reply.ts';

/** The headers of requests if the browser does not name those that it will send. */
const requestHeaders =
  'content-type, authorization, daybook-min-sequence, daybook-correlation-id, last-event-id';
/** The headers of answers that a page may read. */
const answerHeaders = 'etag, retry-after, allow, www-authenticate';
/** How long a browser need not ask again; browsers shorten it to at most one day. */
const maxAgeSeconds = '7200';

/** Allows a page of an allowed origin to read the answer, and to send what it asks to send. */
export function allowOrigin(
  { allowsOrigin }: RequestAccess,
  { headers, method }: IncomingMessage,
  response: ServerResponse,
): void {
  const { origin } = headers;
  if (origin === undefined) return;
  vary(response, 'Origin');
  if (!allowsOrigin(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', answerHeaders);
  if (method !== 'OPTIONS') return;
  vary(response, 'Access-Control-Request-Headers');
  response.setHeader('access-control-allow-methods', 'GET, POST');
  const requested = headers['access-control-request-headers'] ?? requestHeaders;
  response.setHeader('access-control-allow-headers', requested);
  response.setHeader('access-control-max-age', maxAgeSeconds);
}
