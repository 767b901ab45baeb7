import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  validate as validateRules,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { codedError, toParseError, toValidationError } from '../errors.ts';
import { locateLiterals } from '../input-paths.ts';
import { createComplexityCheck, type Weigh } from './complexity.ts';
import { assertSourceWithin, type OperationLimits } from './limits.ts';
import type { Pipeline } from './pipeline.ts';
import { rootDirectiveFault } from './root-directives.ts';

/** One operation of a document that is parsed, within its limits, and valid. */
interface SelectedOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly weigh: Weigh;
}

export interface Documents {
  /**
   * Selects one operation of a document, or returns the errors of the document. Never throws
   * because of its input. `admitUnknown` is called before a document is checked that is not cached;
   * if it returns an error, the document is not checked.
   */
  select(
    source: string,
    operationName: string | null | undefined,
    admitUnknown: (source: string) => GraphQLError | null,
  ): SelectedOperation | readonly GraphQLError[];
  /** Forgets the checked documents, whose texts may have literals that are personal. */
  forget(): void;
}

type Checked = Omit<SelectedOperation, 'definition'> | readonly GraphQLError[];
type CheckDocument = (source: string) => Checked;

const unresolved = 'operationName must name an operation of the document if it has more than one';

/** The maximum total length of cached sources. A checked document is some 100 times as large. */
const cachedLengthMax = 512 * 1024;

const untrusted =
  'this server runs only trusted documents: send the documentId of one, not another query';

interface DocumentsOptions {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  /** Whether a document may ask for the schema; true if absent. */
  readonly introspection?: boolean;
  /** Whether a document may run; if absent, every document may. */
  readonly isTrusted?: (source: string) => boolean;
}

/**
 * Checks documents, each once while it is cached: limits, parser, complexity, validation, in this
 * order, as each step protects the next.
 *
 * This cache is bounded by the size of the sources and holds the result of all steps. Yoga's
 * cache keeps 1,024 documents of any length, which can be gigabytes, and looks up each step
 * separately, which takes a tenth of the time of a small mutation.
 */
export function createDocuments(options: DocumentsOptions, pipeline: Pipeline): Documents {
  const { isTrusted } = options;
  const check = createDocumentCheck(options, pipeline);
  const known = new LRUCache<string, Checked>({
    maxSize: cachedLengthMax,
    // The constant is what a document takes in addition to its source.
    sizeCalculation: (_checked, source) => source.length + 64,
  });

  return {
    select(source, operationName, admitUnknown) {
      let checked = known.get(source);
      if (checked === undefined) {
        if (isTrusted?.(source) === false) return [codedError('DOCUMENT_NOT_TRUSTED', untrusted)];
        const refusal = admitUnknown(source);
        if (refusal !== null) return [refusal];
        checked = check(source);
        known.set(source, checked);
      }
      if (!('document' in checked)) return checked;
      const { document, weigh } = checked;
      const definition = getOperationAST(document, operationName);
      if (!definition) return [codedError('OPERATION_RESOLUTION_FAILURE', unresolved)];
      return { document, definition, weigh };
    },
    forget: () => known.clear(),
  };
}

/** Creates the check of a document: its limits and its validity. It never throws. */
export function createDocumentCheck(
  { schema, limits, introspection = true }: Omit<DocumentsOptions, 'isTrusted'>,
  { parse, validate }: Pick<Pipeline, 'parse' | 'validate'>,
): CheckDocument {
  const complexity = createComplexityCheck(schema, limits);
  return function check(source) {
    try {
      assertSourceWithin(source, limits);
      const document = parse(source);
      const weigh = complexity(document);
      if (weigh instanceof GraphQLError) return [weigh];
      const rootFault = rootDirectiveFault(document);
      if (rootFault !== null) return [rootFault];
      if (!introspection && asksForSchema(schema, document)) return [introspectionDisabled];
      const options = { maxErrors: limits.validationErrorsMax, hideSuggestions: !introspection };
      const faults = validate(schema, document, undefined, options);
      if (faults.length > 0) {
        const errors = faults.map(toDocumentError);
        locateLiterals(errors, document);
        return errors;
      }
      return { document, weigh };
    } catch (error) {
      if (error instanceof GraphQLError) return [toParseError(error)];
      throw error;
    }
  };
}

const introspectionDisabled = codedError(
  'INTROSPECTION_DISABLED',
  'this server does not show its schema (DAYBOOK_INTROSPECTION): use a printed one',
);

function asksForSchema(schema: GraphQLSchema, document: DocumentNode): boolean {
  return validateRules(schema, document, [NoSchemaIntrospectionCustomRule]).length > 0;
}

/** The directives of incremental delivery, which clients may use without asking the schema. */
const incremental = /^Unknown directive "@(defer|stream)"/;

function toDocumentError(error: GraphQLError): GraphQLError {
  const name = incremental.exec(error.message)?.[1];
  if (name === undefined) return toValidationError(error);
  const message = `@${name} is not supported: remove it, as answers are sent as a whole`;
  const { nodes } = error;
  return new GraphQLError(message, {
    extensions: { code: 'INCREMENTAL_DELIVERY_NOT_SUPPORTED' },
    ...(nodes && { nodes }),
  });
}
