import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationTypeNode,
} from 'graphql';
import type { RequestParams } from 'graphql-http';
import type { Log } from '../lib/log.ts';
import { type ClosableResults, closableResults } from './closable-results.ts';
import { createComplexityCheck } from './complexity.ts';
import { codedError, createErrorMask, toParseError, toValidationError } from './errors.ts';
import { assertVariablesWithin, type OperationLimits } from './limits.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { type RequestHints, readRequestHints } from './request-hints.ts';

export type Transport = 'http' | 'sse' | 'websocket';

/** What is known of an operation before its context exists. */
export interface OperationInit extends RequestHints {
  readonly actor: string;
  readonly transport: Transport;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What resolvers get; the server needs nothing of it but this. */
export interface OperationContext {
  /** Merged into the `extensions` of a query's or mutation's result, after its execution. */
  extensions(): Readonly<Record<string, unknown>> | undefined;
}

export type CreateContext = (init: OperationInit) => OperationContext | Promise<OperationContext>;

/** Where an operation comes from; the transport aborts it when its caller has gone. */
export interface OperationOrigin {
  readonly actor: string;
  readonly transport: Transport;
  readonly abort: AbortController;
  /** Hints from request headers; the request's own `extensions.daybook` goes before them. */
  readonly hints?: { readonly [Name in keyof RequestHints]?: string | undefined };
}

/** An operation that has passed every check and is ready to be executed once. */
export interface Operation extends ExecutionArgs {
  readonly contextValue: OperationContext;
  readonly kind: OperationTypeNode;
  readonly abort: AbortController;
}

type CheckedOperation = Omit<Operation, 'contextValue' | 'abort'>;

export interface Operations {
  /** The kind of operation a request names, as far as that can be told: null when it cannot. */
  kindOf(params: RequestParams): OperationTypeNode | null;
  /** Parses, bounds, validates, and makes the context. Never throws: what is wrong comes back. */
  prepare(
    params: RequestParams,
    origin: OperationOrigin,
  ): Promise<Operation | readonly GraphQLError[]>;
  /** Executes a query or mutation; errors that are nobody's business are masked. */
  execute(operation: Operation): Promise<ExecutionResult>;
  /** Starts a subscription: its results, or the error that kept it from starting. */
  subscribe(operation: Operation): Promise<ClosableResults | ExecutionResult>;
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly createContext: CreateContext;
  readonly limits: OperationLimits;
  readonly log: Log;
}

/**
 * The one path of every operation, whatever carries it: Yoga's envelop pipeline, with its caches
 * of documents and validations, behind our limits.
 *
 * The transports are not Yoga's: its HTTP handler answers 6,000 no-op mutations a second at 32
 * connections where graphql-http in front of the same pipeline answers 27,000.
 */
export function createOperations(options: OperationsOptions): Operations {
  const { schema, createContext, limits, log } = options;
  const maskError = createErrorMask(log);
  const complexity = createComplexityCheck(schema, limits);
  const pipeline = createPipeline(schema, limits, maskError);

  function check(params: RequestParams): CheckedOperation | readonly GraphQLError[] {
    const document = parseDocument(pipeline, params.query);
    const operation = getOperationAST(document, params.operationName);
    if (!operation) return [codedError('OPERATION_RESOLUTION_FAILURE', 'No such operation')];
    const variables = params.variables ?? {};
    assertVariablesWithin(variables, limits);
    const tooMuch = complexity.checkDocument(document);
    if (tooMuch.length > 0) return tooMuch;
    const maxErrors = limits.validationErrorsMax;
    const faults = pipeline.validate(schema, document, undefined, { maxErrors });
    if (faults.length > 0) return faults.map(toValidationError);
    const tooCostly = complexity.checkCost(document, operation, variables);
    if (tooCostly !== null) return [tooCostly];
    const operationName = params.operationName ?? null;
    return {
      schema,
      document,
      operationName,
      variableValues: variables,
      kind: operation.operation,
    };
  }

  return {
    kindOf(params) {
      try {
        const document = pipeline.parse(params.query);
        return getOperationAST(document, params.operationName)?.operation ?? null;
      } catch {
        return null;
      }
    },
    async prepare(params, origin) {
      const { actor, transport, abort } = origin;
      try {
        const checked = check(params);
        if (!('kind' in checked)) return checked;
        const { minSequence, correlationId } = readRequestHints(params.extensions, origin.hints);
        const contextValue = await createContext({
          actor,
          transport,
          minSequence,
          correlationId,
          // Made when first asked for: most operations never ask, and it costs as much as parsing.
          get signal() {
            return abort.signal;
          },
        });
        return { ...checked, contextValue, abort };
      } catch (error) {
        return [maskError(error)];
      }
    },
    async execute(operation) {
      const result: ExecutionResult = await pipeline.execute(operation);
      const added = operation.contextValue.extensions();
      if (added === undefined || result.data === undefined) return result;
      return { ...result, extensions: { ...result.extensions, ...added } };
    },
    async subscribe(operation) {
      const results = await pipeline.subscribe(operation);
      return Symbol.asyncIterator in results
        ? closableResults(results, operation.abort, maskError)
        : results;
    },
  };
}

function parseDocument(pipeline: Pipeline, source: string): DocumentNode {
  try {
    return pipeline.parse(source);
  } catch (error) {
    throw toParseError(error);
  }
}
