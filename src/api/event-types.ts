import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Field, FieldKind } from '../kernel/field.ts';
import type { Builder } from './builder.ts';

const scalars = {
  text: 'String',
  id: 'ID',
  decimal: 'Decimal',
  dateTime: 'DateTime',
  integer: 'Int',
  boolean: 'Boolean',
} as const satisfies Readonly<Record<FieldKind, string>>;

const unregistered = 'UnregisteredEvent';

/** The interface of all events, and one object type for each event that a context defines. */
export function addEventTypes(builder: Builder, definitions: ReadonlyMap<string, EventDefinition>) {
  const event = builder.interfaceRef<StoredEvent>('Event').implement({
    description: 'A fact that was recorded. It never changes.',
    resolveType: ({ type }) => (definitions.has(type) ? type : unregistered),
    fields: (t) => ({
      id: t.exposeID('id'),
      sequence: t.expose('sequence', { type: 'Sequence', description: 'Its place in the log.' }),
      streamId: t.exposeID('streamId', { description: 'The entity to which it happened.' }),
      version: t.exposeInt('version', { description: 'Its place in its stream, from 1.' }),
      type: t.exposeString('type'),
      schemaVersion: t.exposeInt('schemaVersion', {
        description: 'The schema version under which it is stored.',
      }),
      recordedAt: t.expose('recordedAt', {
        type: 'DateTime',
        description: 'When the log took it: strictly increasing with sequence.',
      }),
      occurredAt: t.expose('occurredAt', {
        type: 'DateTime',
        description: 'When it happened in the world, as far as the command said; else recordedAt.',
      }),
      actor: t.exposeString('actor', { description: 'Who sent the command.' }),
      commandId: t.exposeID('commandId'),
      correlationId: t.exposeID('correlationId', { description: 'What it belongs to.' }),
      causationId: t.exposeID('causationId', {
        nullable: true,
        description: 'The event that led to the command, if one did.',
      }),
      data: t.expose('data', { type: 'JSON', description: 'As of the latest schema version.' }),
    }),
  });
  for (const [type, { description, fields }] of definitions) {
    builder.objectRef<StoredEvent>(type).implement({
      description,
      interfaces: [event],
      fields: (t) =>
        Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [
            name,
            t.field({
              type: scalars[field.kind],
              nullable: field.nullable,
              description: field.description,
              resolve: ({ data }) => data[name] as never,
            }),
          ]),
        ),
    });
  }
  builder.objectRef<StoredEvent>(unregistered).implement({
    description: 'An event of a type that this server does not define (any more).',
    interfaces: [event],
  });
  return event;
}

export type EventRef = ReturnType<typeof addEventTypes>;

/** The scalar in which a field of the kernel is shown. */
export function scalarOf(field: Field<unknown>) {
  return scalars[field.kind];
}
