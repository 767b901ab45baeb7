import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import {
  createHandler,
  parseRequestParams,
  type Request,
  type RequestParams,
  type Response,
} from 'graphql-http';
import { codedError, codeOf } from '../errors.ts';
import type { Transport } from '../operation-init.ts';
import type { Identity } from './authentication.ts';
import type { EventStreams } from './event-streams.ts';
import type { OperationOrigin, Operations } from './operation.ts';
import { createPersistedQueries } from './persisted-queries.ts';
import { reply, replyJson } from './reply.ts';
import { headerText } from './request-hints.ts';

/** The sender of a request. */
interface Caller {
  readonly identity: Identity;
  /** Aborted when the sender has disconnected. */
  readonly abort: AbortController;
}

type GraphQLRequest = Request<IncomingMessage, Caller>;

/** Statuses that do not depend on the media type that the caller accepts. */
const statusByCode: ReadonlyMap<string | undefined, number> = new Map([
  ['QUERY_TOO_DEEP', 400],
  ['QUERY_TOO_LARGE', 400],
  ['QUERY_TOO_COMPLEX', 400],
  ['TOO_MANY_ALIASES', 400],
  // As other servers do: clients take another status for a failed request.
  ['PERSISTED_QUERY_NOT_FOUND', 200],
  ['UNAUTHENTICATED', 401],
  ['INTERNAL_SERVER_ERROR', 500],
]);

const mutationByGet: Response = [
  JSON.stringify({ errors: [codedError('BAD_REQUEST', 'a mutation must be sent by POST')] }),
  {
    status: 405,
    statusText: 'Method Not Allowed',
    headers: { allow: 'POST', 'content-type': 'application/json; charset=utf-8' },
  },
];
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

/**
 * Answers GraphQL requests whose body has been read: as JSON through graphql-http, which
 * implements the parameters, media types and statuses of GraphQL over HTTP, or as an event stream.
 */
export function createGraphQLAnswer(operations: Operations, streams: EventStreams): AnswerGraphQL {
  const persistedQueries = createPersistedQueries();
  const handle = createHandler<IncomingMessage, Caller>({
    formatError: (error) =>
      error instanceof GraphQLError ? error : codedError('BAD_REQUEST', error.message),
    onSubscribe: async (request, params) => {
      if (isMutationByGet(operations, request, params)) return mutationByGet;
      const prepared = await operations.prepare(params, originOf(request, 'http'));
      if (!('kind' in prepared)) return withStatus(prepared, request);
      if (prepared.kind === 'subscription') return [needsStream];
      const result = await operations.execute(prepared);
      // A result without data was not executed, so it gets the status of a request error.
      if (result.data === undefined) return result.errors ?? [];
      // Serialized here, because graphql-http passes each value of a result through a function.
      return toResponse(request, 200, result);
    },
  });

  return async function answerGraphQL(request, response, body, caller) {
    const { url = '', method = '', headers } = request;
    const sent = { url, method, headers, body, raw: request, context: caller };
    const wrapped = persistedQueries.resolve(sent);
    if (wrapped instanceof GraphQLError) {
      return send(response, toResponse(sent, statusOf([wrapped]) ?? 400, { errors: [wrapped] }));
    }
    const params = await streamParams(operations, wrapped);
    if (params === null || isMutationByGet(operations, wrapped, params)) {
      return send(response, params === null ? await handle(wrapped) : mutationByGet);
    }
    const prepared = await operations.prepare(params, originOf(wrapped, 'sse'));
    if ('kind' in prepared) {
      return streams.answer(response, prepared, caller.identity.expiresAtMs);
    }
    replyJson(response, statusOf(prepared) ?? 400, { errors: prepared });
  };
}

/**
 * Returns the parameters of a request to be answered as a stream, or null if JSON is the answer.
 * If a caller accepts both, as some clients always do, only a subscription gets a stream.
 */
async function streamParams(
  operations: Operations,
  request: GraphQLRequest,
): Promise<RequestParams | null> {
  const accept = request.raw.headers.accept ?? '';
  if (!accept.includes('text/event-stream')) return null;
  const params = await parseRequestParams(request).catch(() => null);
  if (params === null || !('query' in params)) return null;
  const acceptsJson = accept.includes('json') || accept.includes('*/*');
  return acceptsJson && operations.kindOf(params) !== 'subscription' ? null : params;
}

function isMutationByGet(
  operations: Operations,
  request: GraphQLRequest,
  params: RequestParams,
): boolean {
  return request.method === 'GET' && operations.kindOf(params) === 'mutation';
}

function originOf({ raw, context }: GraphQLRequest, transport: Transport): OperationOrigin {
  const hints = {
    minSequence: headerText(raw.headers['daybook-min-sequence']),
    correlationId: headerText(raw.headers['daybook-correlation-id']),
  };
  return { actor: context.identity.actor, abort: context.abort, transport, hints };
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

function toResponse({ raw }: GraphQLRequest, status: number, result: ExecutionResult): Response {
  const isPlain = !raw.headers.accept?.includes('application/graphql-response+json');
  const type = isPlain ? 'application/json' : 'application/graphql-response+json';
  const headers = { 'content-type': `${type}; charset=utf-8` };
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
    replyJson(response, status, { errors: [refusal] });
  } else {
    reply(response, { status, body, ...(headers && { headers }) });
  }
}
