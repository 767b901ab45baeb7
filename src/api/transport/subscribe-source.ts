import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  getOperationAST,
  locatedError,
} from 'graphql';
import { mapAsyncIterator } from 'graphql-yoga';

export interface SubscriptionArgs extends ExecutionArgs {
  /** What is sent for a payload of the source. */
  readonly toFrame: (payload: unknown) => Promise<ExecutionResult>;
}

/**
 * Starts the source of a subscription and turns what it yields into frames. Errors, of the source
 * or of making a frame, are thrown as GraphQLErrors, coded or not; those of starting are a result.
 *
 * In place of graphql-js' own `subscribe`, which executes each payload for each subscriber. All
 * errors are located, as those that are not would pass by the mask if they are AbortErrors.
 */
export async function subscribeToSource(
  args: SubscriptionArgs,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const operation = getOperationAST(args.document, args.operationName) ?? undefined;

  function located(error: unknown): GraphQLError {
    return locatedError(error, operation);
  }

  async function toFrame(payload: unknown): Promise<ExecutionResult> {
    try {
      return await args.toFrame(payload);
    } catch (error) {
      throw located(error);
    }
  }

  try {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    return mapAsyncIterator(source, toFrame, (error: unknown) => {
      throw located(error);
    });
  } catch (error) {
    return { errors: [located(error)] };
  }
}
