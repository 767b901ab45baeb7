import { type GraphQLSchema, isEnumType, Kind } from 'graphql';

/**
 * Makes an enum accept its values as string literals too. Clients that were written when they were
 * strings keep working.
 */
export function acceptTexts(schema: GraphQLSchema, name: string): void {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`the schema has no enum ${name}`);
  const parseLiteral = type.parseLiteral.bind(type);
  type.parseLiteral = (node, variables) =>
    node.kind === Kind.STRING && type.getValue(node.value) !== undefined
      ? type.parseValue(node.value)
      : parseLiteral(node, variables);
}
