import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { codedError } from './errors.ts';
import type { OperationLimits } from './limits.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** What a selection set comes to with its fragments expanded; sums may be Infinity. */
export interface Measure {
  readonly depth: number;
  readonly fields: number;
  /** Fields at the top of the set itself. */
  readonly width: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields resolved if every list were as long as asked for; introspection is counted apart. */
  readonly cost: number;
  readonly introspection: number;
}

/** One walk through one document. */
export interface Walk {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  readonly document: DocumentNode;
  /** Null: sizes given by variables count as the largest. */
  readonly variables: Variables | null;
  /** Whose defaults apply to `variables`. */
  readonly operation?: OperationDefinitionNode;
  /** Measured so far; null while one is being measured, which makes a cycle count as nothing. */
  readonly fragments: Map<string, Measure | null>;
}

const nothing: Measure = {
  depth: 0,
  fields: 0,
  width: 0,
  aliases: 0,
  directives: 0,
  cost: 0,
  introspection: 0,
};

/** Lists in an introspected type: fields, arguments, values, interfaces; on average fewer. */
const introspectedListSize = 5;

/**
 * Measures one selection set. Each fragment is measured once, whatever it is spread into, so the
 * work is linear in the document. Knows nothing of validity: what does not exist counts as one.
 *
 * @throws QUERY_TOO_DEEP when sets, fragments and inline fragments nest deeper than brackets may
 */
export function measureSelections(
  walk: Walk,
  set: SelectionSetNode,
  parent: GraphQLNamedType | undefined,
  hops: number,
): Measure {
  const total = { ...nothing };
  for (const selection of set.selections) {
    const part = measureSelection(walk, selection, parent, hops + 1);
    total.depth = Math.max(total.depth, part.depth);
    total.fields += part.fields;
    total.width += part.width;
    total.aliases += part.aliases;
    total.directives += part.directives + (selection.directives?.length ?? 0);
    total.cost += part.cost;
    total.introspection += part.introspection;
  }
  return total;
}

function measureSelection(
  walk: Walk,
  selection: SelectionNode,
  parent: GraphQLNamedType | undefined,
  hops: number,
): Measure {
  if (hops > walk.limits.nestingMax * 2) {
    throw codedError('QUERY_TOO_DEEP', 'Fragments nest too deep');
  }
  if (selection.kind === Kind.FIELD) return measureField(walk, selection, parent, hops);
  if (selection.kind === Kind.FRAGMENT_SPREAD) {
    return measureFragment(walk, selection.name.value, hops);
  }
  const condition = selection.typeCondition?.name.value;
  const type = condition === undefined ? parent : walk.schema.getType(condition);
  return measureSelections(walk, selection.selectionSet, type, hops);
}

function measureField(
  walk: Walk,
  node: FieldNode,
  parent: GraphQLNamedType | undefined,
  hops: number,
): Measure {
  const field = fieldOf(walk.schema, parent, node.name.value);
  const type: GraphQLNamedType | undefined = field && getNamedType(field.type);
  const below = node.selectionSet
    ? measureSelections(walk, node.selectionSet, type, hops)
    : nothing;
  const size = field === undefined ? 1 : sizeOf(walk, node, field, parent);
  const isIntrospection = type !== undefined && isIntrospectionType(type);
  const isIntrospected = parent !== undefined && isIntrospectionType(parent);
  const cost = 1 + size * below.cost;
  return {
    depth: below.depth + 1,
    fields: below.fields + 1,
    width: 1,
    aliases: below.aliases + (node.alias === undefined ? 0 : 1),
    directives: below.directives,
    cost: isIntrospection && !isIntrospected ? 1 : cost,
    introspection: isIntrospection && !isIntrospected ? cost : below.introspection,
  };
}

function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (parent === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

function measureFragment(walk: Walk, name: string, hops: number): Measure {
  const known = walk.fragments.get(name);
  if (known !== undefined) return known ?? nothing;
  const fragment = walk.document.definitions.find(
    (definition): definition is FragmentDefinitionNode =>
      definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
  );
  if (fragment === undefined) return nothing;
  walk.fragments.set(name, null);
  const type = walk.schema.getType(fragment.typeCondition.name.value);
  const measure = measureSelections(walk, fragment.selectionSet, type, hops);
  walk.fragments.set(name, measure);
  return measure;
}

/** How many times the fields below this one are resolved for each time that it is. */
function sizeOf(
  walk: Walk,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  parent: GraphQLNamedType | undefined,
): number {
  const isPaged = field.args.some((argument) => argument.name === 'first');
  if (isPaged) return pageSize(walk, node);
  if (!isListType(getNullableType(field.type))) return 1;
  if (parent !== undefined && isIntrospectionType(parent)) {
    const isTypes = field.name === 'types';
    return isTypes ? Object.keys(walk.schema.getTypeMap()).length : introspectedListSize;
  }
  // The edges and nodes of a page: the field that took `first` has counted them.
  if (parent?.name.endsWith('Connection')) return 1;
  return walk.limits.listSizeDefault;
}

function pageSize(walk: Walk, node: FieldNode): number {
  const { pageSizeDefault, pageSizeMax } = walk.limits;
  let size: number | null = null;
  for (const { name, value } of node.arguments ?? []) {
    if (name.value !== 'first' && name.value !== 'last') continue;
    if (value.kind === Kind.INT) size = Math.max(size ?? 0, Number(value.value));
    if (value.kind === Kind.VARIABLE) {
      const given = variableSize(walk, value.name.value);
      if (given !== null) size = Math.max(size ?? 0, given);
    }
  }
  // A page beyond the largest is the resolver's to refuse.
  return Math.min(size ?? pageSizeDefault, pageSizeMax);
}

function variableSize(walk: Walk, name: string): number | null {
  if (walk.variables === null) return walk.limits.pageSizeMax;
  const value = walk.variables[name];
  if (typeof value === 'number') return value;
  if (value !== undefined) return null;
  const definition = walk.operation?.variableDefinitions?.find(
    (candidate) => candidate.variable.name.value === name,
  );
  const fallback = definition?.defaultValue;
  return fallback?.kind === Kind.INT ? Number(fallback.value) : null;
}
