import type { Json, JsonObject, NewEvent, StoredEvent } from './event.ts';
import type { DataOf, Fields } from './field.ts';
import { UpgradeNeededError } from './upgrade-needed.ts';

/** Converts data of an event from one schema version to the next. Pure and total. */
export type Upcaster = (data: JsonObject) => JsonObject;

/**
 * Who may see an event, in addition to those who may see the whole log: everyone, no other actor,
 * or the actors who may see one of the accounts that the event is about.
 */
export type EventAudience = 'EVERYONE' | 'LOG' | AccountAudience;

interface AccountAudience {
  /** The fields with the ids of these accounts. `STREAM`: the event's stream is the account's. */
  readonly accounts: 'STREAM' | readonly string[];
  /**
   * Fields that are null for actors who may not see a certain account, each with the field that has
   * the id of this account.
   */
  readonly fields?: Readonly<Record<string, string>>;
}

/** An event type: its description, its fields, and how older versions of its data are read. */
export interface EventDefinition<F extends Fields = Fields> {
  readonly description: string;
  readonly fields: F;
  readonly audience: EventAudience;
  /**
   * `upcasters[0]` converts version 1 to 2, and so on. The latest version is the number of
   * upcasters plus one.
   */
  readonly upcasters?: readonly Upcaster[];
  /** The first schema version whose personal fields are sealed. Absent: all are. */
  readonly personalSince?: number;
}

export type EventDefinitions = Readonly<Record<string, EventDefinition>>;

/** The events of a set of definitions as deciders record them. */
export type EventOf<D extends EventDefinitions> = {
  [Type in keyof D & string]: NewEvent<Type, DataOf<D[Type]['fields']>>;
}[keyof D & string];

/** The events of a set of definitions as read from the log. */
export type StoredEventOf<D extends EventDefinitions> = {
  [Type in keyof D & string]: StoredEvent<Type, DataOf<D[Type]['fields']>>;
}[keyof D & string];

/** The schema version under which events of this type are recorded now. */
export function latestSchemaVersion(definition: EventDefinition): number {
  return (definition.upcasters?.length ?? 0) + 1;
}

/**
 * The schema version under which an event is recorded. Without a sealed text it does not differ
 * from the version before its fields became personal, so servers of the previous release can read
 * it.
 */
export function recordedSchemaVersion(definition: EventDefinition, hasSealed: boolean): number {
  const latest = latestSchemaVersion(definition);
  return latest === definition.personalSince && !hasSealed ? latest - 1 : latest;
}

/**
 * Converts data stored under `schemaVersion` to the latest schema version.
 *
 * Throws `UpgradeNeededError` if a newer program wrote the data.
 */
export function upcast(
  type: string,
  definition: EventDefinition,
  schemaVersion: number,
  data: JsonObject,
): JsonObject {
  const latest = latestSchemaVersion(definition);
  if (schemaVersion > latest) {
    const known = `this program knows versions up to ${latest}`;
    throw new UpgradeNeededError(`${type} is stored as version ${schemaVersion}; ${known}`);
  }
  let current = data;
  for (const step of definition.upcasters?.slice(schemaVersion - 1) ?? []) current = step(current);
  return current;
}

/**
 * Data with its members in the order of the definition, and unknown members last. An event is then
 * sent as the same bytes by every process, no matter in which order it was stored.
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
