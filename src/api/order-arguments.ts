import { type GraphQLSchema, isObjectType } from 'graphql';

/** The arguments after those that say which thing or which list, in this order. */
const last = ['first', 'after', 'last', 'before', 'asOf'];

/** Puts the arguments of every field in order: what is read, then its page, then the moment. */
export function orderArguments(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const { args } of Object.values(type.getFields())) {
      const isPaged = args.some(({ name }) => name === 'first');
      const rankOf = (name: string): number => (isPaged ? last.indexOf(name) : -1);
      // The sort is stable: the other arguments keep the order of their definition.
      (args as unknown as { readonly name: string }[]).sort(
        (one, other) => rankOf(one.name) - rankOf(other.name),
      );
    }
  }
}
