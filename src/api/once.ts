import type { ApiParts } from './api-parts.ts';
import type { Builder } from './builder.ts';

/**
 * Adds types to a schema when somebody first asks for them, and gives the same ones from then on:
 * so that bounded contexts can show each other's types without knowing who comes first.
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
