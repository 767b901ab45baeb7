import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import {
  createHandler,
  parseRequestParams,
  type Request,
  type RequestParams,
  type Response,
} from 'graphql-http';
import type { CommandTransport } from '../../kernel/command.ts';
import { codedError, codeOf } from '../errors.ts';
import type { Identity } from './authentication.ts';
import type { EventStreams } from './event-streams.ts';
import { holdBackAnswer } from './hold-back.ts';
import { type Accepted, type ResultType, readAccept } from './media-type.ts';
import type { Operation, OperationOrigin, Operations } from './operation.ts';
import type { PersistedQueries } from './persisted-queries.ts';
import { retryAfterOf } from './rate-limited.ts';
import { reply, replyResult } from './reply.ts';
import { headerText } from './request-hints.ts';
import { resumeAfter } from './resume.ts';
import { isKnown, isSettledAnswer, settledHeaders } from './settled-answers.ts';

/** The sender of a request. */
interface Caller {
  readonly identity: Identity;
  /** Aborted when the sender has disconnected. */
  readonly abort: AbortController;
}

/** The caller of a request, and the form of the answer. */
interface Asking extends Caller {
  readonly accepted: Accepted;
  readonly type: ResultType;
}

type GraphQLRequest = Request<IncomingMessage, Asking>;

/** Statuses that do not depend on the media type that the caller accepts. */
const statusByCode: ReadonlyMap<string | undefined, number> = new Map([
  ['QUERY_TOO_DEEP', 400],
  ['QUERY_TOO_LARGE', 400],
  ['QUERY_TOO_COMPLEX', 400],
  ['TOO_MANY_ALIASES', 400],
  // As other servers do: clients take another status for a failed request.
  ['PERSISTED_QUERY_NOT_FOUND', 200],
  ['UNAUTHENTICATED', 401],
  ['RATE_LIMITED', 429],
  ['INTERNAL_SERVER_ERROR', 500],
]);

const mutationByGet = codedError('METHOD_NOT_ALLOWED', 'a mutation must be sent by POST');
const needsStream = codedError(
  'BAD_REQUEST',
  'a subscription requires a WebSocket, or the header accept: text/event-stream',
);

export type AnswerGraphQL = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  caller: Caller,
) => Promise<void>;

interface AnswerParts {
  readonly operations: Operations;
  readonly streams: EventStreams;
  readonly persistedQueries: PersistedQueries;
  /** Whether answers differ from actor to actor. */
  readonly isAuthenticated: boolean;
}

/**
 * Answers GraphQL requests whose body has been read: as JSON through graphql-http, which
 * implements the parameters, media types and statuses of GraphQL over HTTP, or as an event stream.
 */
export function createGraphQLAnswer(parts: AnswerParts): AnswerGraphQL {
  const { operations, persistedQueries, streams } = parts;
  const handle = createHandler<IncomingMessage, Asking>({
    parseRequestParams: (request) => parseParams(operations, request),
    onSubscribe: async (request, params) => {
      if (isMutationByGet(operations, request, params)) return refuseMutation(request);
      const prepared = await operations.prepare(params, originOf(request, 'http'));
      if (!('kind' in prepared)) return withStatus(prepared, request);
      if (prepared.kind === 'subscription') return [needsStream];
      const result = await operations.execute(prepared);
      // A result without data was not executed, so it gets the status of a request error.
      if (retryAfterOf(result.errors) !== null) return toResponse(request, 429, result);
      if (result.data === undefined) return result.errors ?? [];
      // Serialized here, because graphql-http passes each value of a result through a function.
      const answer = toResponse(request, 200, result);
      const isSettled = request.method === 'GET' && isSettledAnswer(prepared, result);
      return isSettled ? forCaches(parts, request, answer) : answer;
    },
  });

  async function answerStream(
    request: GraphQLRequest,
    response: ServerResponse,
    params: RequestParams,
  ): Promise<void> {
    const origin = originOf(request, 'sse');
    const operation = resume(request, await operations.prepare(params, origin));
    if ('kind' in operation) {
      return streams.answer(response, operation, request.context.identity.expiresAtMs);
    }
    const answer = toResponse(request, statusOf(operation) ?? 400, { errors: operation });
    await sendHeldBack(response, answer, request.context);
  }

  async function sendHeldBack(response: ServerResponse, answer: Response, caller: Caller) {
    const [, { status }] = answer;
    if (status === 429) await holdBackAnswer(operations, caller);
    send(response, answer);
  }

  return async function answerGraphQL(request, response, body, caller) {
    const { url = '', method = '', headers } = request;
    const accepted = readAccept(headers.accept);
    const type = accepted.json ?? 'application/json';
    const context = { ...caller, accepted, type };
    // Errors of a stream that has not begun are in JSON.
    const accept = accepted.json === null && !accepted.stream ? headers.accept : type;
    const read = { accept, 'content-type': headers['content-type'] };
    const sent = { url, method, headers: read, body, raw: request, context };
    const wrapped = persistedQueries.resolve(sent);
    if (wrapped instanceof GraphQLError)
      return sendHeldBack(response, refusal(operations, sent, wrapped), caller);
    const params = await streamParams(operations, wrapped);
    if (params === null) return sendHeldBack(response, await handle(wrapped), caller);
    if (isMutationByGet(operations, wrapped, params)) return send(response, refuseMutation(sent));
    await answerStream(wrapped, response, params);
  };
}

/** Reads the parameters; an error of them is answered in the type that the caller prefers. */
async function parseParams(
  operations: Operations,
  request: GraphQLRequest,
): Promise<RequestParams | Response> {
  try {
    return await parseRequestParams(request);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return refusal(operations, request, codedError('BAD_REQUEST', message));
  }
}

/**
 * Returns the parameters of a request to be answered as a stream, or null if JSON is the answer.
 * If a caller accepts both, as some clients always do, only a subscription gets a stream.
 */
async function streamParams(
  operations: Operations,
  request: GraphQLRequest,
): Promise<RequestParams | null> {
  const { context } = request;
  const { accepted } = context;
  if (!accepted.stream) return null;
  const params = await parseRequestParams(request).catch(() => null);
  if (params === null || !('query' in params)) return null;
  return accepted.json !== null && operations.kindOf(params, context.identity) !== 'subscription'
    ? null
    : params;
}

/** Begins a subscription where the header Last-Event-ID says that its reader was cut off. */
function resume(
  { raw }: GraphQLRequest,
  prepared: Operation | readonly GraphQLError[],
): Operation | readonly GraphQLError[] {
  const lastEventId = headerText(raw.headers['last-event-id']);
  if (!lastEventId || !('kind' in prepared) || prepared.kind !== 'subscription') return prepared;
  const resumed = resumeAfter(prepared, lastEventId);
  return resumed instanceof GraphQLError ? [resumed] : resumed;
}

/** Allows caches to keep an answer that never changes, and omits one that the caller has. */
function forCaches(
  { isAuthenticated }: AnswerParts,
  { raw }: GraphQLRequest,
  answer: Response,
): Response {
  const [body, init] = answer;
  if (body === null) return answer;
  const headers = settledHeaders(body, isAuthenticated);
  return isKnown(raw.headers, headers.etag)
    ? [null, { status: 304, statusText: '', headers }]
    : [body, { ...init, headers: { ...init.headers, ...headers } }];
}

function isMutationByGet(
  operations: Operations,
  request: GraphQLRequest,
  params: RequestParams,
): boolean {
  const { method, context } = request;
  return method === 'GET' && operations.kindOf(params, context.identity) === 'mutation';
}

function refuseMutation(request: GraphQLRequest): Response {
  const [body, init] = toResponse(request, 405, { errors: [mutationByGet] });
  return [body, { ...init, headers: { ...init.headers, allow: 'POST' } }];
}

function originOf({ raw, context }: GraphQLRequest, transport: CommandTransport): OperationOrigin {
  const hints = {
    minSequence: headerText(raw.headers['daybook-min-sequence']),
    correlationId: headerText(raw.headers['daybook-correlation-id']),
  };
  const { actor, roles } = context.identity;
  return { actor, roles, abort: context.abort, transport, hints };
}

function statusOf(errors: readonly GraphQLError[]): number | undefined {
  const [first] = errors;
  return first === undefined ? undefined : statusByCode.get(codeOf(first));
}

/** Gives errors in `statusByCode` their status; graphql-http sets the status of all others. */
function withStatus(
  errors: readonly GraphQLError[],
  request: GraphQLRequest,
): readonly GraphQLError[] | Response {
  const status = statusOf(errors);
  if (status === undefined) return errors;
  return toResponse(request, status, { errors });
}

/** The answer to a request without an operation that can be executed. */
function refusal(operations: Operations, request: GraphQLRequest, error: GraphQLError): Response {
  const errors = operations.refuse([error], request.context.identity);
  return toResponse(request, statusOf(errors) ?? 400, { errors });
}

function toResponse(
  { context }: GraphQLRequest,
  status: number,
  result: ExecutionResult,
): Response {
  const retryAfter = retryAfterOf(result.errors);
  const headers = {
    'content-type': `${context.type}; charset=utf-8`,
    ...(retryAfter !== null && { 'retry-after': String(retryAfter) }),
  };
  return [JSON.stringify(result), { status, statusText: '', headers }];
}

/** The errors for statuses that graphql-http answers without a body. */
const refusals: ReadonlyMap<number, GraphQLError> = new Map([
  [405, codedError('METHOD_NOT_ALLOWED', 'use POST; GET is allowed for queries only')],
  [
    406,
    codedError(
      'NOT_ACCEPTABLE',
      'accept must allow application/graphql-response+json or application/json',
    ),
  ],
  [415, codedError('UNSUPPORTED_MEDIA_TYPE', 'content-type must be application/json in UTF-8')],
]);

function send(response: ServerResponse, [body, { status, headers }]: Response): void {
  const refusal = refusals.get(status);
  if (body === null && refusal !== undefined) {
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    replyResult(response, status, { errors: [refusal] });
  } else {
    reply(response, { status, body, ...(headers && { headers }) });
  }
}
