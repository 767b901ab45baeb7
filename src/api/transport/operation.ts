import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import type { RequestParams } from 'graphql-http';
import type { CommandTransport } from '../../kernel/command.ts';
import type { Caller } from '../../kernel/role.ts';
import type { Logger } from '../../lib/logger.ts';
import { createErrorMask } from '../errors.ts';
import { locateInputs } from '../input-paths.ts';
import type { FrameExecutor } from '../live-query.ts';
import type { OperationInit, RequestHints } from '../operation-init.ts';
import type { ActorLimiter } from './actor-limiter.ts';
import { type ClosableFrames, closableFrames } from './closable-frames.ts';
import { createDocuments, type Documents } from './documents.ts';
import {
  createFrameGroups,
  type FrameContext,
  type FramedOperation,
  type GroupMember,
} from './frame-groups.ts';
import { assertVariablesWithin, type OperationLimits } from './limits.ts';
import { type Charges, createCharges } from './operation-charges.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { readRequestHints } from './request-hints.ts';
import { createTurns, type Turns } from './turns.ts';

/** The part of the resolvers' context that the server uses. */
interface OperationContext extends FrameContext {
  /** Merged into the `extensions` of a query's or mutation's result, after its execution. */
  extensions(): Readonly<Record<string, unknown>> | undefined;
  /** Whether everything that was read can never change; false if absent. */
  isSettled?(): boolean;
}

export type CreateContext = (init: OperationInit) => OperationContext | Promise<OperationContext>;

/** The origin of an operation. The transport aborts it when the caller has disconnected. */
export interface OperationOrigin extends Caller {
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
  kindOf(params: RequestParams, caller: Caller): OperationTypeNode | null;
  /**
   * Parses an operation, checks its limits and those of its caller, validates it and creates its
   * context. Never throws: returns the errors.
   */
  prepare(
    params: RequestParams,
    origin: OperationOrigin,
  ): Promise<Operation | readonly GraphQLError[]>;
  /** Counts a request that has no operation to execute; returns its errors, or RATE_LIMITED. */
  refuse(errors: readonly GraphQLError[], caller: Caller): readonly GraphQLError[];
  /** For how long a transport should hold back a caller that gets RATE_LIMITED now. */
  refusalPauseMs(caller: Caller): number;
  /** Executes a query or mutation; internal errors are masked. */
  execute(operation: Operation): Promise<ExecutionResult>;
  /** Starts a subscription and returns its results as JSON, or the error that prevented it. */
  subscribe(operation: Operation): Promise<ClosableFrames | ExecutionResult>;
  /** The number of different running subscriptions that can share their frames. */
  subscriptions(): number;
  /** Forgets all texts of documents and frames. */
  forgetTexts(): void;
}

interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly createContext: CreateContext;
  readonly limits: OperationLimits;
  readonly limiter: ActorLimiter;
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
  const { schema, limiter, log } = options;
  const maskError = createErrorMask(log);
  const pipeline = createPipeline(schema, maskError);
  const documents = createDocuments(options, pipeline);
  const charges = createCharges(limiter);
  const groups = createFrameGroups((args, operation, signal) => {
    const charged = limiter.chargeFrame(operation, operation.fields, signal);
    return charged === null ? pipeline.execute(args) : charged.then(() => pipeline.execute(args));
  });
  const turns = createTurns(framesBudgetMs);
  return {
    kindOf({ query, operationName }, caller) {
      const selected = documents.select(query, operationName, charges.forCheck(caller));
      return 'definition' in selected ? selected.definition.operation : null;
    },
    async prepare(params, origin) {
      try {
        return await prepare({ ...options, documents, charges }, params, origin);
      } catch (error) {
        return [maskError(error)];
      }
    },
    refuse: charges.forErrors,
    refusalPauseMs: limiter.refusalPauseMs,
    async execute(operation) {
      const begun = limiter.begin(operation, 'operations');
      if (!('end' in begun)) return { errors: [begun] };
      try {
        const result: ExecutionResult = await pipeline.execute(operation);
        if (result.errors !== undefined) locateInputs(result.errors, operation);
        return addExtensions(result, operation.contextValue.extensions());
      } finally {
        begun.end();
      }
    },
    async subscribe(operation) {
      const begun = limiter.begin(operation, 'subscriptions');
      if (!('end' in begun)) return { errors: [begun] };
      const member = groups.join(operation);
      const leave = (): void => {
        member.leave();
        begun.end();
      };
      return subscribe(operation, { pipeline, turns, member: { ...member, leave } });
    },
    subscriptions: groups.size,
    forgetTexts() {
      documents.forget();
      groups.forget();
    },
  };
}

interface Subscribing {
  readonly pipeline: Pipeline;
  readonly turns: Turns;
  readonly member: GroupMember;
}

async function subscribe(
  operation: Operation,
  { pipeline, turns, member: { id, execute, frameOf, leave } }: Subscribing,
): Promise<ClosableFrames | ExecutionResult> {
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
    if (Symbol.asyncIterator in results) return closableFrames(results, abort, leave);
    leave();
    if (results.errors !== undefined) locateInputs(results.errors, operation);
    return results;
  } catch (error) {
    leave();
    throw error;
  }
}

interface Preparing extends OperationsOptions {
  readonly documents: Documents;
  readonly charges: Charges;
}

/** Like `Operations.prepare`, but throws internal errors and errors of the input. */
async function prepare(
  { schema, createContext, limits, introspection = true, documents, charges }: Preparing,
  params: RequestParams,
  origin: OperationOrigin,
): Promise<Operation | readonly GraphQLError[]> {
  const { actor, roles, transport, abort, hints } = origin;
  const { query, operationName = null } = params;
  const selected = documents.select(query, operationName, charges.forCheck(origin));
  if (!('definition' in selected)) return charges.forErrors(selected, origin);
  const { document, definition, weigh } = selected;
  const variableValues = params.variables ?? {};
  assertVariablesWithin(variableValues, limits);
  const work = weigh(definition, variableValues);
  if (work instanceof GraphQLError) return charges.forErrors([work], origin);
  const refusal = charges.forOperation(definition, work, origin);
  if (refusal !== null) return [refusal];
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
    source: query,
    fields: work.fields,
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
