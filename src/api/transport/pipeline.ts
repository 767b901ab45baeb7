import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { ErrorMask } from '../errors.ts';
import { type SubscriptionArgs, subscribeToSource } from './subscribe-source.ts';

/** The steps of an operation, each wrapped in the plugins of Yoga. */
export interface Pipeline {
  parse(source: string): DocumentNode;
  validate(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: undefined,
    options: { readonly maxErrors: number; readonly hideSuggestions: boolean },
  ): readonly GraphQLError[];
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
  /** `toFrame` creates the frames. What it executes with `execute` passes through the plugins. */
  subscribe(
    args: SubscriptionArgs,
  ): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> | ExecutionResult;
}

/** Yoga's default executor orders the fields of an answer as they resolve, not as requested. */
const inRequestedOrder: Plugin = {
  onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
};

const framesGiven: Plugin = {
  // The arguments are those of `subscribe`.
  onSubscribe: ({ setSubscribeFn }) =>
    setSubscribeFn((args) => subscribeToSource(args as SubscriptionArgs)),
};

/**
 * Creates Yoga without its HTTP side: parser, validation, executor, masking, and their plugins.
 *
 * It is created once and not for each request, as nothing in it depends on a request: `execute`
 * and `subscribe` receive the contexts unchanged.
 */
export function createPipeline(schema: GraphQLSchema, maskError: ErrorMask): Pipeline {
  const yoga = createYoga({
    schema,
    plugins: [inRequestedOrder, framesGiven],
    logging: false,
    graphiql: false,
    landingPage: false,
    parserAndValidationCache: false,
    maskedErrors: { errorMessage: 'Internal error', maskError },
  });
  // The declared arguments of `validate` are those of graphql 15; the implementation takes these.
  return yoga.getEnveloped({}) as unknown as Pipeline;
}
