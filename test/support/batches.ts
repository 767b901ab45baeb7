import type { JsonObject } from '../../src/kernel/event.ts';
import type { Batch, PendingEvent, PendingOutcome } from '../../src/kernel/log.ts';
import { newUuid } from '../../src/lib/uuid.ts';

/** An event to append, with defaults for everything that a test does not set. */
export function pending(
  streamId: string,
  version: number,
  given: Partial<PendingEvent> = {},
): PendingEvent {
  const commandId = newUuid();
  return {
    id: newUuid(),
    streamId,
    version,
    type: 'Noted',
    schemaVersion: 1,
    occurredAt: null,
    actor: 'tester',
    commandId,
    correlationId: commandId,
    causationId: null,
    data: {},
    ...given,
  };
}

/** The next `count` events of a stream that is at `version`. */
export function run(streamId: string, version: number, count: number): readonly PendingEvent[] {
  return Array.from({ length: count }, (_, index) => pending(streamId, version + 1 + index));
}

/** An event with data to be folded. */
export function noted(streamId: string, version: number, data: JsonObject): PendingEvent {
  return pending(streamId, version, { data });
}

/** Expected streams at these versions, with any events. */
export function expecting(versions: Iterable<readonly [string, number]>) {
  const toExpected = ([streamId, version]: readonly [string, number]) =>
    [streamId, { version, lastEventId: null }] as const;
  return new Map([...versions].map(toExpected));
}

/** A batch that expects each stream at the version before its first event in the batch. */
export function batchOf(events: readonly PendingEvent[], given: Partial<Batch> = {}): Batch {
  const expectedVersions = new Map<string, number>();
  for (const { streamId, version } of events) {
    if (!expectedVersions.has(streamId)) expectedVersions.set(streamId, version - 1);
  }
  const expected = expecting(expectedVersions);
  const basis = { epoch: null, expected, validUntil: null };
  return { id: newUuid(), ...basis, events, outcomes: [], records: [], ...given };
}

/** The outcome of an accepted command that comes last in its batch. */
export function outcomeOf(
  idempotencyKey: string,
  given: Partial<PendingOutcome> = {},
): PendingOutcome {
  return {
    actor: 'tester',
    idempotencyKey,
    fingerprint: 'print',
    commandId: newUuid(),
    eventCount: 0,
    rejection: null,
    offset: 0,
    ...given,
  };
}
