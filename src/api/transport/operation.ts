import type {
  ExecutionResult,
  GraphQLError,
  GraphQLSchema,
  OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { RequestParams } from 'graphql-http';
import type { CommandTransport } from '../../kernel/command.ts';
import type { Role } from '../../kernel/role.ts';
import type { Logger } from '../../lib/logger.ts';
import { createErrorMask } from '../errors.ts';
import { locateInputs } from '../input-paths.ts';
import type { FrameExecutor } from '../live-query.ts';
import type { OperationInit, RequestHints } from '../operation-init.ts';
import { type ClosableFrames, closableFrames } from './closable-frames.ts';
import { createDocuments, type Documents } from './documents.ts';
import { createFrameGroups, type FrameContext, type FramedOperation } from './frame-groups.ts';
import { assertVariablesWithin, type OperationLimits } from './limits.ts';
import { createPipeline } from './pipeline.ts';
import { readRequestHints } from './request-hints.ts';
import { createTurns } from './turns.ts';

/** The part of the resolvers' context that the server uses. */
interface OperationContext extends FrameContext {
  /** Merged into the `extensions` of a query's or mutation's result, after its execution. */
  extensions(): Readonly<Record<string, unknown>> | undefined;
  /** Whether everything that was read can never change; false if absent. */
  isSettled?(): boolean;
}

export type CreateContext = (init: OperationInit) => OperationContext | Promise<OperationContext>;

/** The origin of an operation. The transport aborts it when the caller has disconnected. */
export interface OperationOrigin {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly transport: CommandTransport;
  readonly abort: AbortController;
  /** Hints from request headers; `extensions.daybook` of the request takes precedence. */
  readonly hints?: { readonly [Name in keyof RequestHints]?: string | undefined };
}

/** An operation that has passed every check and is ready to be executed once. */
export interface Operation extends FramedOperation {
  readonly contextValue: OperationContext;
  readonly definition: OperationDefinitionNode;
  readonly kind: OperationTypeNode;
  readonly abort: AbortController;
}

export interface Operations {
  /** The kind of operation that a request selects; null if the document has an error. */
  kindOf(params: RequestParams): OperationTypeNode | null;
  /**
   * Parses an operation, checks its limits, validates it and creates its context. Never throws:
   * returns the errors.
   */
  prepare(
    params: RequestParams,
    origin: OperationOrigin,
  ): Promise<Operation | readonly GraphQLError[]>;
  /** Executes a query or mutation; internal errors are masked. */
  execute(operation: Operation): Promise<ExecutionResult>;
  /** Starts a subscription and returns its results as JSON, or the error that prevented it. */
  subscribe(operation: Operation): Promise<ClosableFrames | ExecutionResult>;
  /** The number of different running subscriptions that can share their frames. */
  subscriptions(): number;
}

interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly createContext: CreateContext;
  readonly limits: OperationLimits;
  readonly log: Logger;
  /** Whether a document may ask for the schema; true if absent. */
  readonly introspection?: boolean;
  /** Whether a document may run; if absent, every document may. */
  readonly isTrusted?: (source: string) => boolean;
}

/** The time for frames in one turn of the event loop; another request may wait a few such turns. */
const framesBudgetMs = 5;

/**
 * Creates the single path of all operations, for every transport: Yoga's envelop pipeline behind
 * our limits.
 *
 * The transports are not Yoga's: a no-op mutation at 32 connections takes 160 to 210 µs of
 * processor time in its HTTP handler, and 45 to 55 µs in graphql-http in front of this pipeline
 * (Node.js 20, November 2026).
 */
export function createOperations(options: OperationsOptions): Operations {
  const { schema, log } = options;
  const maskError = createErrorMask(log);
  const pipeline = createPipeline(schema, maskError);
  const documents = createDocuments(options, pipeline);
  const groups = createFrameGroups(pipeline.execute);
  const turns = createTurns(framesBudgetMs);
  return {
    kindOf(params) {
      const selected = documents.select(params.query, params.operationName);
      return 'definition' in selected ? selected.definition.operation : null;
    },
    async prepare(params, origin) {
      try {
        return await prepare(options, documents, params, origin);
      } catch (error) {
        return [maskError(error)];
      }
    },
    async execute(operation) {
      const result: ExecutionResult = await pipeline.execute(operation);
      if (result.errors !== undefined) locateInputs(result.errors, operation);
      return addExtensions(result, operation.contextValue.extensions());
    },
    async subscribe(operation) {
      const { id, execute, frameOf, leave } = groups.join(operation);
      const { actor, abort } = operation;
      async function toFrame(payload: unknown): Promise<ExecutionResult> {
        const turn = turns.next(actor);
        if (turn !== null) await turn;
        // The subscription has ended: its frame is discarded.
        return abort.signal.aborted ? {} : frameOf(payload);
      }
      const rootValue: FrameExecutor = {
        id,
        async execute(point) {
          await turns.next(actor);
          return execute(point);
        },
      };
      try {
        const results = await pipeline.subscribe({ ...operation, rootValue, toFrame });
        if (Symbol.asyncIterator in results) return closableFrames(results, operation.abort, leave);
        leave();
        if (results.errors !== undefined) locateInputs(results.errors, operation);
        return results;
      } catch (error) {
        leave();
        throw error;
      }
    },
    subscriptions: groups.size,
  };
}

/** Like `Operations.prepare`, but throws internal errors and errors of the input. */
async function prepare(
  { schema, createContext, limits, introspection = true }: OperationsOptions,
  documents: Documents,
  params: RequestParams,
  { actor, roles, transport, abort, hints }: OperationOrigin,
): Promise<Operation | readonly GraphQLError[]> {
  const selected = documents.select(params.query, params.operationName);
  if (!('definition' in selected)) return selected;
  const { document, definition, costFault } = selected;
  const variableValues = params.variables ?? {};
  assertVariablesWithin(variableValues, limits);
  const tooCostly = costFault(definition, variableValues);
  if (tooCostly !== null) return [tooCostly];
  const { minSequence, correlationId } = readRequestHints(params.extensions, hints);
  const contextValue = await createContext({
    actor,
    roles,
    transport,
    minSequence,
    correlationId,
    // Created on first use: most operations never use it, and it costs as much as parsing.
    get signal() {
      return abort.signal;
    },
  });
  const operationName = params.operationName ?? null;
  const { operation: kind } = definition;
  return {
    schema,
    document,
    operationName,
    definition,
    variableValues,
    contextValue,
    actor,
    roles,
    source: params.query,
    kind,
    abort,
    // A suggestion would name a part of the schema.
    hideSuggestions: !introspection,
  };
}

function addExtensions(
  result: ExecutionResult,
  added: Readonly<Record<string, unknown>> | undefined,
): ExecutionResult {
  if (added === undefined || result.data === undefined) return result;
  const { data, errors, extensions } = result;
  const merged = extensions === undefined ? added : { ...extensions, ...added };
  return errors === undefined ? { data, extensions: merged } : { errors, data, extensions: merged };
}
