import type { JsonObject } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import { latestSchemaVersion } from '../kernel/event-definition.ts';
import type { Field, FieldKind } from '../kernel/field.ts';

const kinds: Readonly<Record<FieldKind, JsonObject>> = {
  text: { type: 'string' },
  id: { type: 'string' },
  decimal: { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' },
  dateTime: { type: 'string', format: 'date-time' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  enum: { type: 'string' },
};

/** The JSON Schema (draft 2020-12) of an event type's data in its latest version. */
export function toEventSchema(type: string, definition: EventDefinition): JsonObject {
  const { description, fields } = definition;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: type,
    description,
    'x-schema-version': latestSchemaVersion(definition),
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, toFieldSchema(field)]),
    ),
    required: Object.keys(fields),
  };
}

function toFieldSchema({ kind, nullable, description, values }: Field<unknown>): JsonObject {
  const schema = kinds[kind];
  const type = nullable ? [String(schema['type']), 'null'] : schema['type'];
  if (values === undefined) return { ...schema, type: type ?? null, description };
  const names = Object.keys(values.values);
  return { type: type ?? null, enum: nullable ? [...names, null] : names, description };
}
