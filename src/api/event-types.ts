import type { EnumRef } from '@pothos/core';
import type { ShownEvent } from '../access/event-access.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Fields } from '../kernel/field.ts';
import { oneLine } from '../lib/one-line.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { ApiTypes, Builder } from './builder.ts';
import { compareFields, dataFields } from './field-types.ts';
import { idAt } from './node-id.ts';
import type { Nodes } from './nodes.ts';

/** The type of events whose type the server does not define. */
export const unregistered = 'UnregisteredEvent';

/** The description of `streamId`, for recorded and proposed events. */
export const streamIdDescription = oneLine`The stream of the entity that the event is about: a
  category, a hyphen and the entity's id, like "account-<accountId>".`;
const occurredAtDescription = oneLine`The time at which the fact happened, as stated by the
  command. It is equal to recordedAt if the command stated none.`;
const actorDescription = oneLine`The actor that sent the command: a client, or "process:<name>" for
  a process manager. Null for another actor unless the reader is OPERATOR, AUDITOR or ADMIN.`;
const correlationIdDescription = oneLine`The id that ties related events together: the correlation
  id of the request, or that of the causing event. It is equal to commandId if there is neither, or
  if \`actor\` is null.`;

/** An event, and the read point of the object or the list in which it is shown; now if absent. */
export type EventAt = ShownEvent & { readonly at?: ReadPoint };

/** The source of an event that is shown at a read point. */
export function eventAt(event: ShownEvent, at: ReadPoint): EventAt {
  return typeof at === 'number' ? event : { ...event, at };
}

/** Adds the `Event` interface, and an object type for each event that a context defines. */
export function addEventTypes(
  builder: Builder,
  definitions: ReadonlyMap<string, EventDefinition>,
  nodes: Nodes,
) {
  const typenameOf = ({ type }: Pick<StoredEvent, 'type'>): string =>
    definitions.has(type) ? type : unregistered;
  const eventType = addEventTypeEnum(builder, definitions);
  const event = addEventInterface(builder, { nodes, typenameOf, eventType });
  const nullableNames = compareFields(
    [...definitions].map(([type, definition]) => [type, shownFields(definition)] as const),
  );
  for (const [type, definition] of definitions) {
    builder.objectRef<EventAt>(type).implement({
      description: definition.description,
      interfaces: [nodes.node, event],
      fields: (t) => dataFields(builder, t, shownFields(definition), nullableNames),
    });
  }
  builder.objectRef<EventAt>(unregistered).implement({
    description: 'An event whose type this server does not define or no longer defines.',
    interfaces: [nodes.node, event],
    fields: (t) => ({
      recordedType: t.exposeString('type', {
        description: 'The name of the event type as it was recorded.',
      }),
    }),
  });
  return { event, typenameOf, eventType };
}

/** The fields of an event; those that only the viewers of one account see can be null. */
function shownFields({ fields, audience }: EventDefinition): Fields {
  const hidden = typeof audience === 'string' ? {} : (audience.fields ?? {});
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      if (!Object.hasOwn(hidden, name) || field.nullable) return [name, field];
      const description = `${field.description} Null if the reader may not see the account.`;
      return [name, { ...field, description, nullable: true }];
    }),
  );
}

export type EventRefs = ReturnType<typeof addEventTypes>;
export type EventRef = EventRefs['event'];

export type EventTypeRef = ReturnType<typeof addEventTypeEnum>;

function addEventTypeEnum(
  builder: Builder,
  definitions: ReadonlyMap<string, EventDefinition>,
): EnumRef<ApiTypes, string> {
  const values = Object.fromEntries(
    [...definitions].map(([type, { description }]) => [type, { description }]),
  );
  return builder.enumType('EventType', {
    description: oneLine`The name of an event type, which is also the name of the object type of its
      events. In a filter, the name may also be given as a string.`,
    values: {
      ...values,
      [unregistered]: {
        description: oneLine`The type is not defined by this server, or no longer: its name is in
          UnregisteredEvent.recordedType. A filter cannot contain this value.`,
      },
    },
  });
}

interface EventInterfaceParts {
  readonly nodes: Nodes;
  readonly typenameOf: (event: Pick<StoredEvent, 'type'>) => string;
  readonly eventType: EventTypeRef;
}

function addEventInterface(
  builder: Builder,
  { nodes, typenameOf, eventType }: EventInterfaceParts,
) {
  return builder.interfaceRef<EventAt>('Event').implement({
    description: 'A fact recorded in the log. An event is never changed or deleted.',
    interfaces: [nodes.node],
    resolveType: typenameOf,
    fields: (t) => ({
      id: t.id({
        description: nodes.idDescription('eventId'),
        resolve: ({ id, at = 0 }) => idAt(id, at),
      }),
      eventId: t.exposeID('id', {
        description: 'The UUID of the event. It is the same at every moment.',
      }),
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'The sequence number of the event in the log.',
      }),
      streamId: t.exposeID('streamId', { description: streamIdDescription }),
      version: t.exposeInt('version', {
        description: 'The version of the stream right after the event: 1 for its first event.',
      }),
      type: t.field({
        type: eventType,
        description: 'The name of the event type.',
        resolve: typenameOf,
      }),
      schemaVersion: t.exposeInt('schemaVersion', {
        description: 'The schema version in which the event is stored.',
      }),
      recordedAt: t.expose('recordedAt', {
        type: 'DateTime',
        description: 'The time at which the event was recorded. Later events have later times.',
      }),
      occurredAt: t.expose('occurredAt', { type: 'DateTime', description: occurredAtDescription }),
      actor: t.exposeString('actor', { nullable: true, description: actorDescription }),
      commandId: t.exposeID('commandId', {
        description: 'The UUID of the command that recorded the event.',
      }),
      correlationId: t.exposeID('correlationId', { description: correlationIdDescription }),
      causationId: t.exposeID('causationId', {
        nullable: true,
        description: oneLine`The id of the event that caused the command. Null if a client sent the
          command, or if \`actor\` is null.`,
      }),
      data: t.field({
        type: 'JSON',
        description: oneLine`The fields that are specific to the event's type, as a JSON object in
          the latest schema version of the type. Personal texts are null once the person whose they
          are is forgotten.`,
        resolve: (source, _args, context) => context.openData(source),
      }),
    }),
  });
}
