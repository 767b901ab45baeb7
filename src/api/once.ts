import type { ApiParts } from './api-parts.ts';
import type { Builder } from './builder.ts';

/**
 * Wraps a function that adds types, so that it runs once for each schema and later calls return the
 * same types. Bounded contexts can then use each other's types in any order.
 */
export function oncePerSchema<Types>(add: (parts: ApiParts) => Types): (parts: ApiParts) => Types {
  const made = new WeakMap<Builder, Types>();
  return (parts) => {
    const known = made.get(parts.builder);
    if (known !== undefined) return known;
    const types = add(parts);
    made.set(parts.builder, types);
    return types;
  };
}
