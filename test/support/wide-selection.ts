import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

/** The arguments of fields that lead to many objects. */
const few = new Map([['first', '8']]);

/**
 * A selection of everything that a type shows down to a depth: all fields without required
 * arguments, of all its object types. `skipped`: fields to leave out, as `Type.field`.
 */
export function wideSelection(
  schema: GraphQLSchema,
  typeName: string,
  depth: number,
  skipped: ReadonlySet<string> = new Set(),
): string {
  const type = schema.getType(typeName);
  if (type === undefined) throw new Error(`there is no type ${typeName}`);
  return select(type, depth);

  function select(of: GraphQLNamedType, left: number, inherited?: ReadonlySet<string>): string {
    const parts = ['__typename'];
    if (isObjectType(of) || isInterfaceType(of)) {
      for (const field of Object.values(of.getFields())) {
        if (!inherited?.has(field.name)) parts.push(selectField(of, field, left));
      }
    }
    if (isInterfaceType(of) || isUnionType(of)) {
      const own = isInterfaceType(of) ? new Set(Object.keys(of.getFields())) : new Set<string>();
      for (const possible of schema.getPossibleTypes(of)) {
        parts.push(`... on ${possible.name} { ${select(possible, left, own)} }`);
      }
    }
    return parts.join(' ');
  }

  function selectField(of: GraphQLNamedType, field: GraphQLField<unknown, unknown>, left: number) {
    if (skipped.has(`${of.name}.${field.name}`)) return '';
    if (field.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined))
      return '';
    const type = getNamedType(field.type);
    const args = field.args.filter(({ name }) => few.has(name));
    const given = args.map(({ name }) => `${name}: ${few.get(name)}`).join(' ');
    const name = given === '' ? field.name : `${field.name}(${given})`;
    if (!isCompositeType(type)) return name;
    return left === 0 ? '' : `${name} { ${select(type, left - 1)} }`;
  }
}
