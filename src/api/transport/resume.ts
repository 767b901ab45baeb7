import {
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { codedError } from '../errors.ts';
import type { Operation } from './operation.ts';
import { isSequence } from './request-hints.ts';

/** The argument of a subscription that names the last sequence number that a reader has. */
const argumentName = 'after';

/**
 * Returns a subscription that begins after the event with which the header Last-Event-ID says that
 * its reader has been cut off, or an error if the header is not a sequence number. Fields without
 * the argument `after` send the current state first, so they resume by themselves.
 */
export function resumeAfter(operation: Operation, lastEventId: string): Operation | GraphQLError {
  if (!isSequence(lastEventId)) {
    const given = lastEventId.slice(0, 50);
    const message = `Last-Event-ID must be a sequence number like 42, not ${given}`;
    return codedError('BAD_USER_INPUT', message);
  }
  const { document, schema } = operation;
  const fields = schema.getSubscriptionType()?.getFields() ?? {};
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }

  function resumeSet(set: SelectionSetNode): SelectionSetNode {
    return { ...set, selections: set.selections.map(resumeSelection) };
  }

  function resumeSelection(selection: SelectionNode): SelectionNode {
    if (selection.kind === Kind.FIELD) {
      const { args = [] } = fields[selection.name.value] ?? {};
      const takesAfter = args.some(({ name }) => name === argumentName);
      return takesAfter ? withAfter(selection, lastEventId) : selection;
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return { ...selection, selectionSet: resumeSet(selection.selectionSet) };
    }
    const fragment = fragments.get(selection.name.value);
    if (fragment === undefined) return selection;
    const { typeCondition, selectionSet } = fragment;
    const { directives = [] } = selection;
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition,
      directives,
      selectionSet: resumeSet(selectionSet),
    };
  }

  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'subscription'
      ? { ...definition, selectionSet: resumeSet(definition.selectionSet) }
      : definition,
  );
  return { ...operation, document: { ...document, definitions } };
}

function withAfter(field: FieldNode, sequence: string): FieldNode {
  const others = (field.arguments ?? []).filter(({ name }) => name.value !== argumentName);
  const after: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: argumentName },
    value: { kind: Kind.STRING, value: sequence },
  };
  return { ...field, arguments: [...others, after] };
}
