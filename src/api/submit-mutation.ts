import { type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import {
  type MutationOutcome,
  type MutationRequest,
  SubmitFailedError,
  type SubmitMutation,
} from '../bridges/inbound/submit-mutation.ts';
import type { Processor } from '../commands/processor.ts';
import type { CommandOrder } from '../commands/request.ts';
import type { Logger } from '../lib/logger.ts';
import { createCommandDocuments } from './command-documents.ts';
import type { EngineParts } from './engine-parts.ts';
import { codedError, codeOf, createErrorMask, type ErrorMask } from './errors.ts';
import { createRequestContext } from './request-context.ts';

interface SubmitMutationOptions {
  readonly schema: GraphQLSchema;
  readonly engine: EngineParts;
  readonly logger: Logger;
}

/** An operator has configured the bridge and its actor. */
const inboundRoles = ['OPERATOR', 'MARKET'] as const;

/** The answer to the document of a mutation. */
type Answer = ExecutionResult<{
  readonly answer?:
    | { readonly sequence: string; readonly replayed: boolean }
    | { readonly code: string; readonly message: string };
}>;

/** The codes of errors after which the same command can succeed later. */
const passingCodes: ReadonlySet<string | undefined> = new Set([
  'ABORTED',
  'BUSY',
  'CONTENTION',
  'DATABASE_UNREACHABLE',
  'LOG_REPLACED',
  'OUTCOME_UNKNOWN',
  'OVERLOADED',
  'QUERY_TIMEOUT',
  'STOPPED',
  'UNAVAILABLE',
  'UPGRADE_NEEDED',
]);

/**
 * Creates what runs the commands of messages on the path of the API's mutations: the same scalars,
 * parsers, typed rejections and processor.
 */
export function createSubmitMutation(options: SubmitMutationOptions): SubmitMutation {
  const documentOf = createCommandDocuments(options.schema);
  const maskError = createErrorMask(options.logger);
  const takeTurn = createTurns();
  /** The orders in which a command has failed: no later command of these is submitted. */
  const failed = new WeakSet<CommandOrder>();
  return async (request) => {
    const turn = takeTurn();
    try {
      const { mutation, input, idempotencyKey } = request;
      const document = documentOf(mutation);
      if (document === null) return refuse(`there is no command ${mutation}`);
      if (Object.hasOwn(input, 'idempotencyKey')) {
        return refuse('idempotencyKey must be absent: it is given by the place of the message');
      }
      if (Object.hasOwn(input, 'dryRun')) {
        return refuse('dryRun must be absent: the command of a message is recorded');
      }
      const answer = (await execute({
        schema: options.schema,
        document,
        variableValues: { input: { ...input, idempotencyKey } },
        contextValue: createContext(options.engine, request, { turn, failed }),
      })) as Answer;
      return toOutcome(answer, maskError);
    } catch (error) {
      // All earlier commands have reached the processor then, and none of the later ones has.
      await turn.isNext;
      failed.add(request.order);
      throw error;
    } finally {
      turn.end();
    }
  };
}

/** The place of a request in the order in which commands reach the processor. */
interface Turn {
  /** Resolves once all earlier requests have submitted their commands or never will. */
  readonly isNext: Promise<unknown>;
  end(): void;
}

function createTurns(): () => Turn {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const isNext = last;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    last = isNext.then(() => ended);
    return { isNext, end };
  };
}

interface Submitting {
  readonly turn: Turn;
  readonly failed: WeakSet<CommandOrder>;
}

function createContext(
  engine: EngineParts,
  { actor, signal, order }: MutationRequest,
  { turn, failed }: Submitting,
) {
  const processor: Processor = {
    ...engine.processor,
    async submit(request) {
      // The parsers of some commands wait for the database: later commands may be parsed earlier.
      await turn.isNext;
      if (signal.aborted || failed.has(order)) {
        throw codedError('ABORTED', 'an earlier command was not answered');
      }
      const result = engine.processor.submit({ ...request, order });
      turn.end();
      return result;
    },
  };
  const hints = { minSequence: null, correlationId: null };
  const init = { actor, roles: inboundRoles, transport: 'bridge', signal, ...hints } as const;
  return createRequestContext({ ...engine, processor }, init);
}

function toOutcome({ data, errors = [] }: Answer, maskError: ErrorMask): MutationOutcome {
  const [error] = errors;
  if (error !== undefined) {
    const masked = maskError(error);
    const code = codeOf(masked) ?? 'INTERNAL_SERVER_ERROR';
    if (code === 'BAD_USER_INPUT') return { kind: 'refused', code, message: masked.message };
    const { errorId } = masked.extensions;
    const message = errorId === undefined ? masked.message : `${masked.message} ${errorId}`;
    throw new SubmitFailedError(code, message, passingCodes.has(code));
  }
  const answer = data?.answer;
  if (answer === undefined) throw new Error('a mutation has no answer');
  if ('code' in answer) return { kind: 'refused', code: answer.code, message: answer.message };
  return { kind: 'accepted', sequence: Number(answer.sequence), replayed: answer.replayed };
}

function refuse(message: string): MutationOutcome {
  return { kind: 'refused', code: 'BAD_USER_INPUT', message };
}
