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
  /** Makes the frame that is sent for a payload of the source. */
  readonly toFrame: (payload: unknown) => Promise<ExecutionResult>;
}

/**
 * Starts the source of a subscription and turns its payloads into frames. Errors of the source or
 * of a frame are thrown as GraphQLErrors, with or without a code; an error of the start is returned
 * as a result.
 *
 * It replaces `subscribe` of graphql-js, which executes each payload for each subscriber. All
 * errors are located: an AbortError that is not located would bypass the mask.
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
