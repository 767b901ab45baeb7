import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  type Source,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { ErrorMask } from './errors.ts';
import { assertSourceWithin, type OperationLimits } from './limits.ts';

/** Characters of source whose parsed documents, some hundred times larger, are kept. */
const cachedSourceLengthMax = 512 * 1024;
const cachedErrorsLengthMax = 128 * 1024;

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
  subscribe(
    args: ExecutionArgs,
  ): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> | ExecutionResult;
}

/**
 * Yoga without its HTTP side: parsing and validation with their caches, the executor, masking.
 *
 * Made once and not for each request, as nothing in it depends on a request: contexts are given
 * to `execute` and `subscribe` as they are.
 */
export function createPipeline(
  schema: GraphQLSchema,
  limits: OperationLimits,
  maskError: ErrorMask,
): Pipeline {
  const yoga = createYoga({
    schema,
    logging: false,
    graphiql: false,
    landingPage: false,
    maskedErrors: { errorMessage: 'Internal error', maskError },
    parserAndValidationCache: {
      // By size: Yoga's own caches keep 1,024 documents of any length, gigabytes when parsed.
      documentCache: sourceCache<DocumentNode>(cachedSourceLengthMax),
      errorCache: sourceCache<Error>(cachedErrorsLengthMax),
    },
    plugins: [limitSources(limits)],
  });
  return yoga.getEnveloped({}) as unknown as Pipeline;
}

/** Puts the limits right before the parser, so that documents already cached skip both. */
function limitSources(limits: OperationLimits): Plugin {
  function parseWithinLimits(source: string | Source): DocumentNode {
    assertSourceWithin(typeof source === 'string' ? source : source.body, limits);
    return parse(source);
  }
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
    },
  };
}

function sourceCache<Value extends object>(lengthMax: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize: lengthMax, sizeCalculation: (_value, key) => key.length + 1 });
}
