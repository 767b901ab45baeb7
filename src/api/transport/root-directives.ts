import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * The error for `@skip` or `@include` on the root field of a subscription, which GraphQL forbids:
 * without the field there is nothing to subscribe to. Null if there is none. The rule of graphql-js
 * for these fields throws if such a directive has a variable, so this is checked before.
 */
export function rootDirectiveFault({ definitions }: DocumentNode): GraphQLError | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (definition.operation !== OperationTypeNode.SUBSCRIPTION) continue;
    const fault = faultIn(definition.selectionSet, fragments);
    if (fault !== null) return fault;
  }
  return null;
}

/** Follows each fragment once, as fragments may form a cycle. */
function faultIn(
  { selections }: SelectionSetNode,
  fragments: Map<string, FragmentDefinitionNode>,
): GraphQLError | null {
  for (const selection of selections) {
    const directive = selection.directives?.find(({ name }) =>
      /^(?:skip|include)$/.test(name.value),
    );
    if (directive !== undefined) {
      const message = `@${directive.name.value} cannot be used on the root field of a subscription`;
      return new GraphQLError(`${message}: subscribe, or do not subscribe`, {
        nodes: [directive],
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      });
    }
    if (selection.kind === Kind.FIELD) continue;
    let inner: SelectionSetNode | undefined;
    if (selection.kind === Kind.INLINE_FRAGMENT) inner = selection.selectionSet;
    else {
      inner = fragments.get(selection.name.value)?.selectionSet;
      fragments.delete(selection.name.value);
    }
    const fault = inner === undefined ? null : faultIn(inner, fragments);
    if (fault !== null) return fault;
  }
  return null;
}
