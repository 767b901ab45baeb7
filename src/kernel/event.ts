/** JSON with exact values only: amounts and 64-bit integers are strings, never numbers. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** An event as a decider records it, before the log has given it a sequence number and a time. */
export interface NewEvent<Type extends string = string, Data = JsonObject> {
  readonly type: Type;
  readonly data: Data;
}

/**
 * An event as the log holds it, upcast to the latest version of its type.
 *
 * Times are RFC 3339 strings in UTC with six fractional digits, so that they compare as text and
 * are exact. `sequence` counts from 1 without gaps and stays far below 2^53.
 */
export interface StoredEvent<Type extends string = string, Data = JsonObject>
  extends NewEvent<Type, Data> {
  readonly id: string;
  readonly sequence: number;
  readonly streamId: string;
  readonly version: number;
  /**
   * The schema version under which the event was stored, not that of `data`. If its type was split
   * since then, it is a version of the type under which the event was stored.
   */
  readonly schemaVersion: number;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
}
