import { randomUUID } from 'node:crypto';
import { GraphQLError, Kind } from 'graphql';
import type { Logger } from '../lib/logger.ts';

/** Longer messages repeat the caller's input. They are cut to keep answers small. */
const messageLengthMax = 1000;

/** The node kinds of values in a document. An error at such a node is about the caller's input. */
export const literalKinds: ReadonlySet<string> = new Set([
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

/** The message of graphql-js when the comparison of overlapping fields takes too long. */
const budgetSpent = 'Validation aborted.';

/** The message of graphql-js after the last fault of variables that it reports. */
const faultsOmitted =
  'Too many errors processing variables, error limit reached. Execution aborted.';

/** A GraphQL error with a `code` to branch on, stable and in SCREAMING_SNAKE_CASE. */
export function codedError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** The names and indexes that lead to a value, from the name of the argument on. */
export type InputPath = readonly (string | number)[];

/** Throws BAD_USER_INPUT for the value at a path, relative to the caller's `within`. */
export function badInput(message: string, ...inputPath: readonly [string, ...InputPath]): never {
  throw inputFault(message, inputPath);
}

/** Runs a parser of the members of a value; the paths of its faults begin with the given name. */
export function within<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GraphQLError) || codeOf(error) !== 'BAD_USER_INPUT') throw error;
    throw inputFault(error.message, [name, ...inputPathOf(error)]);
  }
}

function inputFault(message: string, inputPath: InputPath): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', inputPath } });
}

function inputPathOf({ extensions: { inputPath } }: GraphQLError): InputPath {
  return Array.isArray(inputPath) ? inputPath : [];
}

export function codeOf(error: GraphQLError): string | undefined {
  const { code } = error.extensions;
  return typeof code === 'string' ? code : undefined;
}

/** The codes of temporary errors: the same request can succeed later. */
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

/** A parse error, with GRAPHQL_PARSE_FAILED or the code of the limit that it exceeds. */
export function toParseError(error: GraphQLError): GraphQLError {
  return withCode(error, 'GRAPHQL_PARSE_FAILED');
}

/**
 * A validation error, with BAD_USER_INPUT if a literal does not fit its type, otherwise with
 * GRAPHQL_VALIDATION_FAILED. graphql-js reports the error at the literal, or without a node if
 * the scalar threw it.
 */
export function toValidationError(error: GraphQLError): GraphQLError {
  if (error.message === budgetSpent) {
    return codedError(
      'QUERY_TOO_COMPLEX',
      'too many fields of one selection have the same response name',
    );
  }
  const nodeKind = error.nodes?.[0]?.kind;
  const isStop = error.message.endsWith(budgetSpent);
  const isInput = nodeKind === undefined ? !isStop : literalKinds.has(nodeKind);
  // The pipeline gives GRAPHQL_VALIDATION_FAILED to every error without a code.
  if (isInput && codeOf(error) === 'GRAPHQL_VALIDATION_FAILED') {
    Object.assign(error.extensions, { code: 'BAD_USER_INPUT' });
  }
  return withCode(error, 'GRAPHQL_VALIDATION_FAILED');
}

export type ErrorMask = (error: unknown) => GraphQLError;

/**
 * Creates the function that decides how much of an execution error a caller may see.
 *
 * Errors with `extensions.code` pass unchanged, except that long messages are cut. Coercion errors
 * get BAD_USER_INPUT. Every other error is logged once with an id, and the caller receives only
 * "Internal error" and that id.
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
  if (isAborted) return codedError('ABORTED', 'the operation was aborted');
  const errorId = randomUUID();
  log.error({ err: cause, errorId, path: located?.path }, 'an operation failed');
  // Only the path is kept: there may be thousands of errors, and finding their lines is slow.
  return new GraphQLError('Internal error', {
    path: located?.path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
  });
}

/** Whether the error was thrown as a GraphQLError and does not wrap an error of another class. */
function isOriginal(error: GraphQLError): boolean {
  let root: Error | undefined = error.originalError;
  while (root instanceof GraphQLError) root = root.originalError;
  return root === undefined;
}

/** Coercion errors are reported at a variable's definition or an argument's value. */
function isCoercion(error: GraphQLError): boolean {
  if (error.message === faultsOmitted) return true;
  const nodeKind = error.nodes?.[0]?.kind;
  const isVariable = nodeKind === Kind.VARIABLE_DEFINITION || nodeKind === Kind.VARIABLE;
  return isVariable || (nodeKind !== undefined && literalKinds.has(nodeKind));
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  // The error is changed in place, because a copy would compute its locations again, line by line.
  if (codeOf(error) === undefined) Object.assign(error.extensions, { code });
  return shorten(error);
}

function shorten(error: GraphQLError): GraphQLError {
  // The pipeline's hints for Yoga's HTTP handler are not part of the answer.
  Reflect.deleteProperty(error.extensions, 'http');
  if (error.message.length > messageLengthMax) {
    error.message = `${error.message.slice(0, messageLengthMax)}…`;
  }
  return error;
}
