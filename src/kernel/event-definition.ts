import type { Json, JsonObject, NewEvent, StoredEvent } from './event.ts';
import type { DataOf, Fields } from './field.ts';
import { UpgradeNeededError } from './upgrade-needed.ts';

/**
 * Converts data of an event from one schema version to the next. Pure and total. If the type was
 * split, it returns `becomes(…)` for the events that are read as another type.
 */
export type Upcaster = (data: JsonObject) => JsonObject | Becomes;

const newType = Symbol('the type that an event is read as');

/** An event that is read as another type, in schema version 1 of that type. */
interface Becomes {
  readonly [newType]: string;
  readonly data: JsonObject;
}

/** The result of an upcaster for an event that is read as another type from now on. */
export function becomes(type: string, data: JsonObject): Becomes {
  return { [newType]: type, data };
}

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
  /** The other types that older events of this type are read as. Absent: there are none. */
  readonly splitInto?: readonly string[];
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

/** An event as it is read: its type, the definition of that type, and its data. */
export interface UpcastEvent {
  readonly type: string;
  readonly definition: EventDefinition;
  /** In the latest schema version of the type. */
  readonly data: JsonObject;
}

/**
 * Converts data stored under `schemaVersion` of a type to the latest schema version, which may be
 * of another type.
 *
 * Throws `UpgradeNeededError` if a newer program wrote the data.
 */
export function upcast(
  definitions: ReadonlyMap<string, EventDefinition>,
  type: string,
  schemaVersion: number,
  data: JsonObject,
): UpcastEvent {
  const definition = definitions.get(type);
  if (definition === undefined) throw new Error(`no context defines the event ${type}`);
  const latest = latestSchemaVersion(definition);
  if (schemaVersion > latest) {
    const known = `this program knows versions up to ${latest}`;
    throw new UpgradeNeededError(`${type} is stored as version ${schemaVersion}; ${known}`);
  }
  let current = data;
  for (const step of definition.upcasters?.slice(schemaVersion - 1) ?? []) {
    const next = step(current);
    if (isBecomes(next)) return upcast(definitions, next[newType], 1, next.data);
    current = next;
  }
  return { type, definition, data: current };
}

function isBecomes(result: JsonObject | Becomes): result is Becomes {
  return newType in result;
}

/**
 * The types under which events that are read as one of `types` are stored: these types, and the
 * types that were split into them.
 */
export function storedTypesOf(
  definitions: ReadonlyMap<string, EventDefinition>,
  types: readonly string[],
): readonly string[] {
  const stored = new Set(types);
  // A set also visits what is added to it on the way: a type may be split from one that was split.
  for (const type of stored) {
    for (const [other, { splitInto = [] }] of definitions) {
      if (splitInto.includes(type)) stored.add(other);
    }
  }
  return [...stored];
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
