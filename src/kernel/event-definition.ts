import type { Json, JsonObject, NewEvent, StoredEvent } from './event.ts';
import type { DataOf, Fields } from './field.ts';
import { UpgradeNeededError } from './upgrade-needed.ts';

/** Takes an event's data from one schema version to the next; pure, total, never asks the clock. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** One type of event: what it says, in which fields, and how older writings of it are read. */
export interface EventDefinition<F extends Fields = Fields> {
  readonly description: string;
  readonly fields: F;
  /** `upcasters[0]` takes version 1 to 2, and so on: the latest version is their number plus one. */
  readonly upcasters?: readonly Upcaster[];
}

export type EventDefinitions = Readonly<Record<string, EventDefinition>>;

/** The events of a set of definitions, as deciders write them. */
export type EventOf<D extends EventDefinitions> = {
  [Type in keyof D & string]: NewEvent<Type, DataOf<D[Type]['fields']>>;
}[keyof D & string];

/** The same events as read back from the log. */
export type StoredEventOf<D extends EventDefinitions> = {
  [Type in keyof D & string]: StoredEvent<Type, DataOf<D[Type]['fields']>>;
}[keyof D & string];

/** The schema version under which an event of this type is written today. */
export function latestSchemaVersion(definition: EventDefinition): number {
  return (definition.upcasters?.length ?? 0) + 1;
}

/**
 * Data of the latest schema version, from data stored under `schemaVersion`.
 *
 * Throws `UpgradeNeededError` when the log was written by newer code than this.
 */
export function upcast(
  type: string,
  definition: EventDefinition,
  schemaVersion: number,
  data: JsonObject,
): JsonObject {
  const latest = latestSchemaVersion(definition);
  if (schemaVersion > latest) {
    const known = `this program knows it up to ${latest}`;
    throw new UpgradeNeededError(`${type} is stored as version ${schemaVersion}; ${known}`);
  }
  let current = data;
  for (const step of definition.upcasters?.slice(schemaVersion - 1) ?? []) current = step(current);
  return current;
}

/**
 * Data with its members in the order of the definition, whatever order it was written or stored in:
 * an event then reads the same, to the byte, whoever tells it. Unknown members come last.
 */
export function inFieldOrder(definition: EventDefinition, data: JsonObject): JsonObject {
  const ordered: Record<string, Json> = {};
  for (const name in definition.fields) {
    const value = data[name];
    if (value !== undefined) ordered[name] = value;
  }
  for (const name in data) ordered[name] ??= data[name] ?? null;
  return ordered;
}
