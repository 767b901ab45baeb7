import type { Json, JsonObject } from './event.ts';

/** A member that differs between two JSON objects. */
export interface JsonChange {
  /**
   * The names of the members that lead to it, separated by dots. A name that has a dot or a quote
   * is written as a JSON string: `positions."BRK.B".quantity`.
   */
  readonly path: string;
  /** Null if there was no such member. */
  readonly before: Json;
  /** Null if there is no such member anymore. */
  readonly after: Json;
}

/**
 * The members that differ, at any depth, in the order of their paths' members. Objects are compared
 * member by member, everything else as a whole. A null member is like an absent one.
 */
export function changesBetween(before: JsonObject, after: JsonObject): readonly JsonChange[] {
  return changesAt('', before, after);
}

function changesAt(path: string, before: Json, after: Json): readonly JsonChange[] {
  const [a, b] = [membersOf(before), membersOf(after)];
  const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  const inMembers = names.flatMap((name) =>
    changesAt(pathOf(path, name), a?.[name] ?? null, b?.[name] ?? null),
  );
  const [old, now] = [a === null ? before : null, b === null ? after : null];
  if (JSON.stringify(old) === JSON.stringify(now)) return inMembers;
  return [{ path, before: old, after: now }, ...inMembers];
}

function pathOf(parent: string, name: string): string {
  const step = /[."]/.test(name) ? JSON.stringify(name) : name;
  return parent === '' ? step : `${parent}.${step}`;
}

function membersOf(value: Json): JsonObject | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : null;
}
