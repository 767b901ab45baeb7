import {
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNullableType,
  isIntrospectionType,
  isListType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { OperationLimits } from './limits.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** Everything that the assumed sizes of lists depend on. */
export interface Sizing {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  /** If null, a size that a variable gives counts as the largest. */
  readonly variables: Variables | null;
  /** The operation whose defaults apply to `variables`. */
  readonly operation?: OperationDefinitionNode;
  /** Called when a size is given by a variable while there are no variables. */
  readonly onVariableSize?: () => void;
}

/** The assumed size of lists of an introspected type (fields, arguments …), above the average. */
const introspectedListSize = 5;

/** How many times the fields below a field are resolved each time that the field is resolved. */
export function sizeOf(
  sizing: Sizing,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  parent: GraphQLNamedType | undefined,
): number {
  const isPaged = field.args.some((argument) => argument.name === 'first');
  if (isPaged) return pageSize(sizing, node);
  if (!isListType(getNullableType(field.type))) return 1;
  if (parent !== undefined && isIntrospectionType(parent)) {
    const isTypes = field.name === 'types';
    return isTypes ? Object.keys(sizing.schema.getTypeMap()).length : introspectedListSize;
  }
  // The edges and nodes of a page are counted at the field that takes `first`.
  if (parent?.name.endsWith('Connection')) return 1;
  const declared = field.extensions['listSize'];
  return typeof declared === 'number' ? declared : sizing.limits.listSizeDefault;
}

function pageSize(sizing: Sizing, node: FieldNode): number {
  const { pageSizeDefault, pageSizeMax } = sizing.limits;
  let size: number | null = null;
  for (const { name, value } of node.arguments ?? []) {
    if (name.value !== 'first' && name.value !== 'last') continue;
    if (value.kind === Kind.INT) size = Math.max(size ?? 0, Number(value.value));
    if (value.kind === Kind.VARIABLE) {
      const given = variableSize(sizing, value.name.value);
      if (given !== null) size = Math.max(size ?? 0, given);
    }
  }
  // The resolver rejects a size above the maximum.
  return Math.min(size ?? pageSizeDefault, pageSizeMax);
}

function variableSize(sizing: Sizing, name: string): number | null {
  if (sizing.variables === null) {
    sizing.onVariableSize?.();
    return sizing.limits.pageSizeMax;
  }
  const value = sizing.variables[name];
  if (typeof value === 'number') return value;
  if (value !== undefined) return null;
  const definition = sizing.operation?.variableDefinitions?.find(
    (candidate) => candidate.variable.name.value === name,
  );
  const fallback = definition?.defaultValue;
  return fallback?.kind === Kind.INT ? Number(fallback.value) : null;
}
