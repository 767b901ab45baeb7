import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GraphQLError } from 'graphql';
import type { Logger } from '../../lib/logger.ts';
import { codeOf } from '../errors.ts';
import type { RequestAccess } from './access.ts';
import type { Authenticate, Identity } from './authentication.ts';
import { allowOrigin } from './cors.ts';
import type { Page } from './graphiql.ts';
import type { AnswerGraphQL } from './graphql-request.ts';
import { reply, replyError, replyJson } from './reply.ts';
import { full, type TransportError } from './reply-error.ts';
import { type BodyFault, discardBody, readBody } from './request-body.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly [detail: string]: unknown;
}

interface HttpOptions {
  readonly answerGraphQL: AnswerGraphQL;
  readonly authenticate: Authenticate;
  readonly access: RequestAccess;
  readonly ready: () => Promise<Readiness>;
  /** The page for browsers. */
  readonly graphiql: Page;
  readonly bodyBytesMax: number;
  /** Called for a connection whose caller has been authenticated. */
  readonly admit: (socket: Socket) => void;
  /** Called for each response, because its reader may stop reading. */
  readonly watchResponse: (response: ServerResponse) => void;
  readonly log: Logger;
}

const refusals = {
  'too-large': { status: 413, code: 'BODY_TOO_LARGE', message: 'the body is too large' },
  'not-utf8': { status: 400, code: 'BAD_REQUEST', message: 'the body is not valid UTF-8' },
  batch: { status: 400, code: 'BAD_REQUEST', message: 'send one operation, not a list of them' },
  encoded: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'content-encoding is not supported: send the body uncompressed',
  },
  unknown: { status: 404, code: 'NOT_FOUND', message: 'not found: the API is at /graphql' },
} as const;

/**
 * Handles all HTTP requests: `/graphql`, `/health/live`, `/health/ready`, a redirect from `/` to
 * the first, and 404 in JSON for the rest. No request makes it throw or answer 500.
 */
export function createRequestListener(options: HttpOptions): RequestListener {
  const { log } = options;
  return function onRequest(request, response) {
    options.watchResponse(response);
    route(options, request, response).catch((error: unknown) => {
      log.error({ err: error, url: request.url }, 'an HTTP request failed');
      replyJson(response, 500, { errors: [{ message: 'Internal error' }] });
    });
  };
}

async function route(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '/', method } = request;
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  if (path === '/graphql') return answerEndpoint(options, request, response);
  const isRead = method === 'GET' || method === 'HEAD';
  discardBody(request);
  if (isRead && path === '/health/live') return replyJson(response, 200, { live: true });
  if (isRead && path === '/health/ready') return answerReady(options, response);
  if (isRead && path === '/') {
    return reply(response, { status: 307, headers: { location: '/graphql' } });
  }
  replyError(request, response, refusals.unknown);
}

async function answerReady({ ready, log }: HttpOptions, response: ServerResponse): Promise<void> {
  try {
    const readiness = await ready();
    replyJson(response, readiness.ready ? 200 : 503, readiness);
  } catch (error) {
    log.warn({ err: error }, 'readiness could not be determined');
    replyJson(response, 503, { ready: false });
  }
}

async function answerEndpoint(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { headers, method } = request;
  const refusal = options.access.checkRequest(request);
  if (refusal !== null) return replyError(request, response, refusal);
  allowOrigin(options.access, request, response);
  if (method === 'OPTIONS')
    return reply(response, { status: 204, headers: { allow: 'GET, POST' } });
  if (method === 'GET' && headers.accept?.includes('text/html')) {
    return replyPage(response, options.graphiql);
  }
  const identity = await identify(options.authenticate, headers.authorization);
  if (identity instanceof GraphQLError) {
    return replyError(request, response, toTransportError(identity));
  }
  options.admit(request.socket);
  if (headers['content-encoding'] !== undefined)
    return replyError(request, response, refusals.encoded);
  const body = method === 'POST' ? await readBody(request, options.bodyBytesMax) : { text: '' };
  if ('fault' in body) return refuseBody(request, response, body.fault);
  if (body.text.trimStart().startsWith('[')) return replyError(request, response, refusals.batch);
  const abort = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) abort.abort();
  });
  await options.answerGraphQL(request, response, body.text, { identity, abort });
}

function replyPage(response: ServerResponse, { body, policy }: Page): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
  };
  reply(response, { status: 200, headers, body });
}

function toTransportError(error: GraphQLError): TransportError {
  const code = codeOf(error) ?? '';
  if (code === 'UNAVAILABLE') return full(code, error.message);
  return { status: 401, code, message: error.message };
}

async function identify(
  authenticate: Authenticate,
  authorization: string | undefined,
): Promise<Identity | GraphQLError> {
  try {
    return await authenticate(authorization);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function refuseBody(request: IncomingMessage, response: ServerResponse, fault: BodyFault): void {
  if (fault !== 'gone') replyError(request, response, refusals[fault]);
}
