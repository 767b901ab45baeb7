import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
} from 'graphql';
import { codedError } from '../errors.ts';
import type { OperationLimits } from './limits.ts';
import type { Variables } from './list-size.ts';
import { type Measure, measureSelections } from './measure.ts';
import type { OperationWork } from './operation-charges.ts';

/** Returns what an operation with these variables asks for, or an error if it is too much. */
export type Weigh = (
  operation: OperationDefinitionNode,
  variables: Variables,
) => OperationWork | GraphQLError;

/** Returns what is wrong with a document for all variables, else what weighs its operations. */
type ComplexityCheck = (document: DocumentNode) => GraphQLError | Weigh;

/** Introspection may cost this many times as much as the query that every tool sends. */
const introspectionsMax = 2;

/**
 * Creates the check that bounds what a parsed document requests, before it is validated.
 *
 * The maintained libraries for this (GraphQL Armor, graphql-query-complexity) are validation rules:
 * they run beside the rules that they should protect, one of which, the comparison of overlapping
 * fields, is quadratic. So this is a separate pass, which measures each fragment once.
 *
 * @throws GraphQLError QUERY_TOO_DEEP when a document nests too deeply to be measured
 */
export function createComplexityCheck(
  schema: GraphQLSchema,
  limits: OperationLimits,
): ComplexityCheck {
  const introspectionMax = introspectionCost(schema, limits) * introspectionsMax;

  return function checkComplexity(document) {
    const counts = { operations: 0, fragments: 0 };
    const measures = new Map<OperationDefinitionNode, Measure>();
    let hasVariableSizes = false;
    const onVariableSize = (): void => {
      hasVariableSizes = true;
    };
    const fragments = new Map<string, Measure | null>();
    const walk = { schema, limits, document, variables: null, fragments, onVariableSize };
    for (const definition of document.definitions) {
      const isOperation = definition.kind === Kind.OPERATION_DEFINITION;
      if (!isOperation && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      counts[isOperation ? 'operations' : 'fragments'] += 1;
      const fault = exceededCount(counts, limits);
      if (fault !== null) return fault;
      const root = isOperation
        ? schema.getRootType(definition.operation)
        : schema.getType(definition.typeCondition.name.value);
      const measure = measureSelections(walk, definition.selectionSet, root ?? undefined, 0);
      const error = exceeded({ ...measure, introspectionMax, isOperation }, limits);
      if (error !== null) return error;
      if (isOperation) measures.set(definition, measure);
    }

    /** The measure with the sizes that the variables give; the one above takes the largest. */
    function measureWith(operation: OperationDefinitionNode, variables: Variables): Measure {
      const known = hasVariableSizes ? undefined : measures.get(operation);
      if (known !== undefined) return known;
      const again = { schema, limits, document, variables, fragments: new Map(), operation };
      const root = schema.getRootType(operation.operation) ?? undefined;
      return measureSelections(again, operation.selectionSet, root, 0);
    }

    return function weigh(operation, variables) {
      const { cost, introspection, width } = measureWith(operation, variables);
      if (cost > limits.costMax) return tooComplex(`cost at most ${limits.costMax}`, cost);
      const isMutation = operation.operation === OperationTypeNode.MUTATION;
      return { commands: isMutation ? width : 0, fields: cost + introspection };
    };
  };
}

function exceededCount(
  counts: { readonly operations: number; readonly fragments: number },
  limits: OperationLimits,
): GraphQLError | null {
  const { operationsMax, fragmentsMax } = limits;
  if (counts.operations <= operationsMax && counts.fragments <= fragmentsMax) return null;
  const rule = `at most ${operationsMax} operations and ${fragmentsMax} fragments`;
  return codedError('QUERY_TOO_LARGE', `a document may have ${rule}`);
}

function exceeded(
  measure: Measure & { readonly introspectionMax: number; readonly isOperation: boolean },
  limits: OperationLimits,
): GraphQLError | null {
  if (measure.depth > limits.depthMax) {
    return codedError('QUERY_TOO_DEEP', `fields may nest at most ${limits.depthMax} levels deep`);
  }
  if (measure.aliases > limits.aliasesMax) {
    const message = `an operation may have at most ${limits.aliasesMax} aliases`;
    return codedError('TOO_MANY_ALIASES', message);
  }
  if (measure.fields > limits.fieldsMax) {
    return tooComplex(`select at most ${limits.fieldsMax} fields`, measure.fields);
  }
  if (measure.isOperation && measure.width > limits.rootFieldsMax) {
    return tooComplex(`have at most ${limits.rootFieldsMax} root fields`, measure.width);
  }
  if (measure.directives > limits.directivesMax) {
    return tooComplex(`have at most ${limits.directivesMax} directives`, measure.directives);
  }
  if (measure.repeats > limits.repeatsMax) {
    const rule = `repeat at most ${limits.repeatsMax} fields in one selection set`;
    return tooComplex(rule, measure.repeats);
  }
  if (measure.introspection > measure.introspectionMax) {
    const rule = `introspect the schema at a cost of at most ${measure.introspectionMax}`;
    return tooComplex(rule, measure.introspection);
  }
  return null;
}

function tooComplex(rule: string, actual: number): GraphQLError {
  return codedError('QUERY_TOO_COMPLEX', `an operation may ${rule}, not ${actual}`);
}

function introspectionCost(schema: GraphQLSchema, limits: OperationLimits): number {
  const document = parse(
    getIntrospectionQuery({
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
    }),
  );
  const walk = { schema, limits, document, variables: null, fragments: new Map() };
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no introspection query');
  const root = schema.getQueryType() ?? undefined;
  return measureSelections(walk, operation.selectionSet, root, 0).introspection;
}
