import type { KnownEvents } from '../kernel/context.ts';
import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import {
  inFieldOrder,
  latestSchemaVersion,
  storedTypesOf,
  type UpcastEvent,
  upcast,
} from '../kernel/event-definition.ts';
import { NewerEventError } from '../kernel/upgrade-needed.ts';

/** A row of the events table, as the driver returns it. */
export interface EventRow {
  readonly sequence: number;
  readonly stream_id: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly recorded_at: string;
  readonly occurred_at: string;
  readonly actor: string;
  readonly command_id: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly data: JsonObject;
}

/** Turns a row into an event of the latest schema version, which may be of another type. */
export interface EventDecoder {
  (row: EventRow): StoredEvent;
  /** The types that rows of events of these types can have. */
  storedTypesOf(types: readonly string[]): readonly string[];
}

/**
 * Creates a decoder that turns rows into events of the latest schema versions. An event of an
 * unknown type is returned as stored if no context has its kind of stream.
 *
 * The decoder throws `NewerEventError` for an event that a newer version of the program has
 * recorded: a later schema version, or an unknown type in a known kind of stream. Skipping such an
 * event would produce a state that does not follow from the log.
 */
export function createEventDecoder(definitions: KnownEvents): EventDecoder {
  const { categories } = definitions;
  const decode = (row: EventRow): StoredEvent => {
    const definition = definitions.get(row.type);
    if (definition === undefined) {
      if (categories?.has(categoryOf(row.stream_id))) throw toNewerEvent(row, null);
    } else if (row.schema_version > latestSchemaVersion(definition)) {
      throw toNewerEvent(row, latestSchemaVersion(definition));
    }
    const { type, data } =
      definition === undefined
        ? row
        : toLatest(upcast(definitions, row.type, row.schema_version, row.data));
    return {
      id: row.id,
      sequence: row.sequence,
      streamId: row.stream_id,
      version: row.version,
      type,
      schemaVersion: row.schema_version,
      recordedAt: row.recorded_at,
      occurredAt: row.occurred_at,
      actor: row.actor,
      commandId: row.command_id,
      correlationId: row.correlation_id,
      causationId: row.causation_id,
      data,
    };
  };
  const known = { storedTypesOf: (types: readonly string[]) => storedTypesOf(definitions, types) };
  return Object.assign(decode, known);
}

function toLatest({ type, definition, data }: UpcastEvent) {
  return { type, data: inFieldOrder(definition, data) };
}

function categoryOf(streamId: string): string {
  return streamId.slice(0, streamId.indexOf('-'));
}

function toNewerEvent(row: EventRow, latest: number | null): NewerEventError {
  const { type, schema_version: schemaVersion, sequence } = row;
  return new NewerEventError({ type, schemaVersion, sequence }, latest);
}
