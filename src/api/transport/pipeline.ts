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

/** The steps of an operation, each with the plugins of Yoga around it. */
export interface Pipeline {
  parse(source: string): DocumentNode;
  validate(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: undefined,
    options: { readonly maxErrors: number },
  ): readonly GraphQLError[];
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
  /** Frames are made by `toFrame`; those made by `execute` have passed its plugins. */
  subscribe(
    args: SubscriptionArgs,
  ): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> | ExecutionResult;
}

/** Yoga's own executor puts fields into an answer as they are resolved, not as they were asked for. */
const inOrderAsked: Plugin = {
  onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
};

const framesGiven: Plugin = {
  // What comes here is what `subscribe` was given.
  onSubscribe: ({ setSubscribeFn }) =>
    setSubscribeFn((args) => subscribeToSource(args as SubscriptionArgs)),
};

/**
 * Yoga without its HTTP side: parser, validation, executor, masking, and any plugin for these.
 *
 * Made once and not for each request, as nothing in it depends on a request: contexts are given
 * to `execute` and `subscribe` as they are.
 */
export function createPipeline(schema: GraphQLSchema, maskError: ErrorMask): Pipeline {
  const yoga = createYoga({
    schema,
    plugins: [inOrderAsked, framesGiven],
    logging: false,
    graphiql: false,
    landingPage: false,
    parserAndValidationCache: false,
    maskedErrors: { errorMessage: 'Internal error', maskError },
  });
  // The declared arguments of `validate` are those of graphql 15, by which only the caller goes.
  return yoga.getEnveloped({}) as unknown as Pipeline;
}
