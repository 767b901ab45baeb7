import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { codedError } from '../errors.ts';
import { type Sizing, sizeOf } from './list-size.ts';

/** The totals of a selection set with its fragments expanded; sums may be Infinity. */
export interface Measure {
  readonly depth: number;
  readonly fields: number;
  /** Fields at the top level of the set. */
  readonly width: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields with a selection set that occur again in the same set, where they are merged. */
  readonly repeats: number;
  /** Fields resolved if every list were as long as requested, without those of introspection. */
  readonly cost: number;
  readonly introspection: number;
}

/** The state of one walk through one document. */
interface Walk extends Sizing {
  readonly document: DocumentNode;
  /** Fragments measured so far; null while one is being measured, so that a cycle counts as 0. */
  readonly fragments: Map<string, Measure | null>;
}

const nothing: Measure = {
  depth: 0,
  fields: 0,
  width: 0,
  aliases: 0,
  directives: 0,
  repeats: 0,
  cost: 0,
  introspection: 0,
};

/**
 * Measures one selection set. Each fragment is measured once, wherever it is spread, so the work
 * is linear in the size of the document. The document need not be valid: a field that does not
 * exist counts as one.
 *
 * @throws QUERY_TOO_DEEP when selection sets and fragments nest deeper than twice `nestingMax`
 */
export function measureSelections(
  walk: Walk,
  set: SelectionSetNode,
  parent: GraphQLNamedType | undefined,
  hops: number,
): Measure {
  const total = { ...nothing };
  const names = new Set<string>();
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD && selection.selectionSet !== undefined) {
      const { value } = selection.alias ?? selection.name;
      if (names.has(value)) total.repeats += 1;
      names.add(value);
    }
    const part = measureSelection(walk, selection, parent, hops + 1);
    total.depth = Math.max(total.depth, part.depth);
    total.fields += part.fields;
    total.width += part.width;
    total.aliases += part.aliases;
    total.directives += part.directives + (selection.directives?.length ?? 0);
    total.repeats += part.repeats;
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
    throw codedError('QUERY_TOO_DEEP', 'fields and fragments nest too deeply');
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
    // The fields of a query that is live are root fields, too.
    width: type !== undefined && type === walk.schema.getQueryType() ? below.width : 1,
    aliases: below.aliases + (node.alias === undefined ? 0 : 1),
    directives: below.directives,
    repeats: below.repeats,
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
