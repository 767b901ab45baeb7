import type { EnumRef, FieldMap } from '@pothos/core';
import type { JsonObject } from '../kernel/event.ts';
import type { EnumDefinition, Field, FieldKind, Fields } from '../kernel/field.ts';
import type { PersonalText } from '../kernel/personal.ts';
import type { ApiTypes, Builder } from './builder.ts';

const scalars = {
  text: 'String',
  id: 'ID',
  decimal: 'Decimal',
  dateTime: 'DateTime',
  integer: 'Int',
  boolean: 'Boolean',
} as const satisfies Readonly<Record<Exclude<FieldKind, 'enum'>, string>>;

const enums = new WeakMap<Builder, Map<EnumDefinition, EnumRef<ApiTypes, string>>>();

/** The GraphQL type of an enum, added to a schema on first use. */
export function enumTypeOf<Value extends string>(
  builder: Builder,
  definition: EnumDefinition<Value>,
): EnumRef<ApiTypes, Value> {
  const known = enums.get(builder) ?? new Map<EnumDefinition, EnumRef<ApiTypes, string>>();
  enums.set(builder, known);
  const { name, description, values } = definition;
  const members = Object.entries<string>(values).map(
    ([value, text]) => [value, { description: text }] as const,
  );
  const ref =
    known.get(definition) ??
    builder.enumType(name, { description, values: Object.fromEntries(members) });
  known.set(definition, ref);
  // The values of the type are the members of the definition.
  return ref as EnumRef<ApiTypes, never> as EnumRef<ApiTypes, Value>;
}

/** The names in the API whose fields can be null in one type, and so in all of them. */
type NullableNames = ReadonlySet<string>;

/**
 * Compares the fields of types that a client can select together. A name that is nullable in one
 * of them is nullable in all, because GraphQL refuses to merge fields of different types. Throws
 * if a name has different kinds.
 */
export function compareFields(fieldsByType: Iterable<readonly [string, Fields]>): NullableNames {
  const first = new Map<string, { readonly type: string; readonly sort: string }>();
  const nullable = new Set<string>();
  for (const [type, fields] of fieldsByType) {
    for (const [name, field] of Object.entries(fields)) {
      const apiName = field.apiName ?? name;
      const sort = field.values?.name ?? field.kind;
      const other = first.get(apiName) ?? { type, sort };
      if (other.sort !== sort) {
        const both = `${other.type} (${other.sort}) and ${type} (${sort})`;
        throw new Error(`the field ${apiName} differs in ${both}: rename one with named()`);
      }
      first.set(apiName, other);
      if (field.nullable) nullable.add(apiName);
    }
  }
  return nullable;
}

/** The GraphQL fields of a type whose source has its fields in `data`. */
export function dataFields<Source extends { readonly data: object; readonly id?: string }>(
  builder: Builder,
  t: PothosSchemaTypes.ObjectFieldBuilder<ApiTypes, Source>,
  fields: Fields,
  nullableNames: NullableNames,
): FieldMap {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const apiName = field.apiName ?? name;
      const isWidened = !field.nullable && nullableNames.has(apiName);
      const ref = t.field({
        type: typeOf(builder, field),
        nullable: field.nullable || isWidened,
        description: field.description + (isWidened ? ' Never null in this type.' : ''),
        resolve: ({ data, id = '' }, _args, context) => {
          const value = (data as JsonObject)[name];
          if (field.subjectOf === undefined) return value as never;
          return context.openText(value as PersonalText, name, id) as never;
        },
      });
      return [apiName, ref];
    }),
  );
}

function typeOf(builder: Builder, { kind, values }: Field<unknown>) {
  if (kind !== 'enum') return scalars[kind];
  if (values === undefined) throw new Error('a field of the kind enum has no values');
  return enumTypeOf(builder, values);
}
