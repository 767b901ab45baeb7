import { createHash } from 'node:crypto';
import { toEventSchema } from './src/api/event-schemas.ts';
import { toDataSchema } from './src/bridges/message.ts';
import type { Json, JsonObject } from './src/kernel/event.ts';
import { type EventDefinition, latestSchemaVersion } from './src/kernel/event-definition.ts';
import { toCanonicalJson } from './src/lib/canonical-json.ts';

/** The texts of files by their path in the repository. */
export type Files = Readonly<Record<string, string>>;

/** Where the lock is: what may no longer change about each schema version of each event type. */
export const lockFile = 'schema/event-versions.json';

/** By type and schema version: the SHA-256 of the schema without its texts, and of the examples. */
type Lock = Record<string, Record<string, { readonly schema: string; readonly examples: string }>>;

/** Where the examples of a schema version are, as the log stores them. */
export function examplesFile(type: string, schemaVersion: number): string {
  return `test/fixtures/events/${type}.v${schemaVersion}.json`;
}

interface EventVersions {
  /** The schemas of the latest versions and the lock, to be printed. */
  readonly files: Files;
  /** One line for each fault, which says what to do. Nothing may be printed if there are any. */
  readonly faults: readonly string[];
}

/**
 * Prints the JSON Schema of the latest version of each event type. The schemas of older versions
 * are the files that were printed when they were the latest. The lock holds all of them, and the
 * examples of each version: only descriptions may change. Pure; `existing` has the schemas, the
 * examples and the lock as they are.
 */
export function toEventVersions(
  definitions: ReadonlyMap<string, EventDefinition>,
  existing: Files,
): EventVersions {
  const lock: Lock = JSON.parse(existing[lockFile] ?? '{}');
  const files: Record<string, string> = {};
  const faults: string[] = [];
  const next: Lock = {};
  const gone = Object.keys(lock).filter((type) => !definitions.has(type));
  for (const type of gone)
    faults.push(`${type} is in logs: define it again, as a type of the past`);
  for (const [type, definition] of definitions) {
    const locked = lock[type] ?? {};
    const latest = latestSchemaVersion(definition);
    const newest = Math.max(0, ...Object.keys(locked).map(Number));
    if (newest > latest) faults.push(`${type} is in logs in version ${newest}: add its upcaster`);
    const own: Lock[string] = {};
    for (let version = 1; version <= Math.max(latest, newest); version += 1) {
      const name = toDataSchema(type, version);
      const printed = version === latest ? toJson(toEventSchema(type, definition)) : existing[name];
      if (version === latest && printed !== undefined) files[name] = printed;
      const found = { schema: printed, examples: existing[examplesFile(type, version)] };
      const place = { type, version, isLatest: version === latest };
      const { entry, fault } = compare(place, locked[version], found);
      if (fault === null) own[version] = entry;
      else faults.push(fault);
    }
    next[type] = own;
  }
  return { files: { ...files, [lockFile]: toJson(next) }, faults };
}

interface Place {
  readonly type: string;
  readonly version: number;
  readonly isLatest: boolean;
}

type Found = Readonly<Record<'schema' | 'examples', string | undefined>>;

function compare(
  { type, version, isLatest }: Place,
  locked: Lock[string][string] | undefined,
  { schema, examples }: Found,
) {
  const name = toDataSchema(type, version);
  const entry = { schema: schema ? hashOf(shapeOf(schema)) : '', examples: hashOf(examples ?? '') };
  const toFault = (fault: string) => ({ entry, fault });
  if (schema === undefined) return toFault(`${name} is missing: restore it from Git`);
  if (examples === undefined) {
    return toFault(`${type} version ${version} has no example: add ${examplesFile(type, version)}`);
  }
  if (locked !== undefined && locked.schema !== entry.schema) {
    const change = `put them back, and add an upcaster to a version ${version + 1}`;
    return toFault(
      isLatest
        ? `the fields of ${type} version ${version} have changed: ${change}`
        : `${name} has changed: restore it from Git; only descriptions may change`,
    );
  }
  if (locked !== undefined && locked.examples !== entry.examples) {
    return toFault(`${examplesFile(type, version)} has changed: restore it from Git`);
  }
  return { entry, fault: null };
}

/** A schema without what may change: its texts, and the order of members and names. */
function shapeOf(schema: string): string {
  const parsed: JsonObject = JSON.parse(schema);
  return toCanonicalJson(withoutTexts(parsed));
}

function withoutTexts(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutTexts).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([name, member]) => name !== 'description' || typeof member !== 'string',
  );
  return Object.fromEntries(members.map(([name, member]) => [name, withoutTexts(member)]));
}

function byText(one: Json, other: Json): number {
  return String(one) < String(other) ? -1 : 1;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
