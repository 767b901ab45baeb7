import { randomUUID } from 'node:crypto';
import { GraphQLError, Kind } from 'graphql';
import type { Logger } from '../lib/logger.ts';

/** Longer messages repeat the caller's own input; cut, so that an answer stays near its question. */
const messageLengthMax = 1000;

/** Kinds that a value in a document has; an error about one of them is about the caller's input. */
const literalKinds: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);

/** What graphql-js says when comparing fields that overlap takes too long; all it says of it. */
const budgetSpent = 'Validation aborted.';

/** A GraphQL error that clients can branch on: `code` is SCREAMING_SNAKE_CASE and stable. */
export function codedError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Says that what the caller has sent is not as it should be: BAD_USER_INPUT. */
export function badInput(message: string): never {
  throw codedError('BAD_USER_INPUT', message);
}

export function codeOf(error: GraphQLError): string | undefined {
  const { code } = error.extensions;
  return typeof code === 'string' ? code : undefined;
}

/** Codes of errors that pass by themselves: what cannot be shown yet can be shown later. */
const passingCodes: ReadonlySet<string | undefined> = new Set([
  'SEQUENCE_NOT_REACHED',
  'VIEW_BUILDING',
  'DATABASE_UNREACHABLE',
  'UNAVAILABLE',
  'OVERLOADED',
]);

export function isPassing(error: GraphQLError): boolean {
  return passingCodes.has(codeOf(error));
}

/** A document that cannot be parsed: GRAPHQL_PARSE_FAILED, or the code of the limit it exceeds. */
export function toParseError(error: GraphQLError): GraphQLError {
  return withCode(error, 'GRAPHQL_PARSE_FAILED');
}

/**
 * An error of validation: BAD_USER_INPUT when a literal does not fit its type (graphql-js reports
 * it at the literal, or as the scalar threw it: nowhere), else GRAPHQL_VALIDATION_FAILED.
 */
export function toValidationError(error: GraphQLError): GraphQLError {
  if (error.message === budgetSpent) {
    return codedError('QUERY_TOO_COMPLEX', 'Too many fields have the same name in one place');
  }
  const place = error.nodes?.[0]?.kind;
  const isStop = error.message.endsWith(budgetSpent);
  const isInput = place === undefined ? !isStop : literalKinds.has(place);
  // The pipeline has put GRAPHQL_VALIDATION_FAILED on all that had no code of their own.
  if (isInput && codeOf(error) === 'GRAPHQL_VALIDATION_FAILED') {
    Object.assign(error.extensions, { code: 'BAD_USER_INPUT' });
  }
  return withCode(error, 'GRAPHQL_VALIDATION_FAILED');
}

export type ErrorMask = (error: unknown) => GraphQLError;

/**
 * Decides what a caller may read of an error of execution.
 *
 * Errors with `extensions.code` pass as they are; errors of coercion get BAD_USER_INPUT. All
 * others are logged once with an id and answered as "Internal error" with that id and no more.
 */
export function createErrorMask(log: Logger): ErrorMask {
  const answers = new WeakMap<object, GraphQLError>();
  return function maskError(error) {
    if (error instanceof GraphQLError) {
      if (codeOf(error) !== undefined && isOriginal(error)) return shorten(error);
      if (isCoercion(error)) return withCode(error, 'BAD_USER_INPUT');
    }
    const key = typeof error === 'object' && error !== null ? error : undefined;
    const known = key === undefined ? undefined : answers.get(key);
    if (known !== undefined) return known;
    const answer = toInternalError(error, log);
    if (key !== undefined) answers.set(key, answer);
    answers.set(answer, answer);
    return answer;
  };
}

function toInternalError(error: unknown, log: Logger): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined;
  const cause = located?.originalError ?? error;
  const isAborted = cause instanceof Error && cause.name === 'AbortError';
  if (isAborted) return codedError('ABORTED', 'The operation was aborted');
  const errorId = randomUUID();
  log.error({ err: cause, errorId, path: located?.path }, 'an operation failed');
  // By path alone: there may be thousands, and finding the line of each takes its time.
  return new GraphQLError('Internal error', {
    path: located?.path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
  });
}

/** Whether it was thrown as a GraphQLError, and not wrapped around something else on its way. */
function isOriginal(error: GraphQLError): boolean {
  let root: Error | undefined = error.originalError;
  while (root instanceof GraphQLError) root = root.originalError;
  return root === undefined;
}

/** Variables are reported at their definition, arguments at their value, resolvers elsewhere. */
function isCoercion(error: GraphQLError): boolean {
  const place = error.nodes?.[0]?.kind;
  const isVariable = place === Kind.VARIABLE_DEFINITION || place === Kind.VARIABLE;
  return isVariable || (place !== undefined && literalKinds.has(place));
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  // In place: a copy would compute its locations again, line by line through the document.
  if (codeOf(error) === undefined) Object.assign(error.extensions, { code });
  return shorten(error);
}

function shorten(error: GraphQLError): GraphQLError {
  // The pipeline's hints for Yoga's own HTTP handler are nobody else's business.
  Reflect.deleteProperty(error.extensions, 'http');
  if (error.message.length > messageLengthMax) {
    error.message = `${error.message.slice(0, messageLengthMax)}…`;
  }
  return error;
}
