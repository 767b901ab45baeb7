import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import { type EventDefinition, inFieldOrder, upcast } from '../kernel/event-definition.ts';

/** A row of the events table, as the driver gives it. */
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

export type EventDecoder = (row: EventRow) => StoredEvent;

/**
 * Reads rows as events of the latest schema versions. An event of a type that no context defines
 * (any more) is read as it was stored.
 */
export function createEventDecoder(
  definitions: ReadonlyMap<string, EventDefinition>,
): EventDecoder {
  return (row) => {
    const definition = definitions.get(row.type);
    return {
      id: row.id,
      sequence: row.sequence,
      streamId: row.stream_id,
      version: row.version,
      type: row.type,
      schemaVersion: row.schema_version,
      recordedAt: row.recorded_at,
      occurredAt: row.occurred_at,
      actor: row.actor,
      commandId: row.command_id,
      correlationId: row.correlation_id,
      causationId: row.causation_id,
      data:
        definition === undefined
          ? row.data
          : inFieldOrder(definition, upcast(row.type, definition, row.schema_version, row.data)),
    };
  };
}
