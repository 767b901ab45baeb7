import { readFileSync } from 'node:fs';
import path from 'node:path';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { upcast } from '../../src/kernel/event-definition.ts';

/** The answers of views at a sequence: figures by view and key. */
export type Answers = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** A log recorded when all events had schema version 1, and the answers about it then. */
export interface OlderLog {
  /** When its last event was recorded. */
  readonly now: string;
  /** The market price at which positions were valued. */
  readonly price: string;
  /** The events as readers get them now. */
  readonly events: readonly StoredEvent[];
  readonly moments: readonly ({ readonly at: number } & Answers)[];
}

const definitions = eventDefinitionsOf(modules.map(({ context }) => context));

/** Random commands in three markets, two of them with fractions of minor units. */
export function readOlderLogs(): readonly OlderLog[] {
  const file = path.join(import.meta.dirname, '../fixtures/logs-of-schema-1.json');
  const logs: readonly OlderLog[] = JSON.parse(readFileSync(file, 'utf8'));
  return logs.map((log) => ({ ...log, events: log.events.map(toReadToday) }));
}

function toReadToday(event: StoredEvent): StoredEvent {
  const { type, data } = upcast(definitions, event.type, 1, event.data);
  return { ...event, schemaVersion: 1, type, data };
}
