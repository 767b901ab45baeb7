import type { StoredEvent } from '../kernel/event.ts';
import type { EventFilter } from '../log/read.ts';

/** Whether an event passes a filter, with the same result as a read of the log. */
type EventPredicate = (event: StoredEvent) => boolean;

/** A test for each member of a filter. */
const tests: {
  readonly [Name in keyof Required<EventFilter>]: (
    wanted: NonNullable<EventFilter[Name]>,
  ) => EventPredicate;
} = {
  id: (id) => (event) => event.id === id,
  correlationId: (correlationId) => (event) => event.correlationId === correlationId,
  streamId: (streamId) => (event) => event.streamId === streamId,
  actor: (actor) => (event) => event.actor === actor,
  types: (types) => (event) => types.includes(event.type),
};

const names = Object.keys(tests) as readonly (keyof EventFilter)[];

export function createEventPredicate(filter: EventFilter): EventPredicate {
  const predicates = names.flatMap((name) => toPredicate(name, filter[name]));
  return (event) => predicates.every((passes) => passes(event));
}

function toPredicate<Name extends keyof EventFilter>(
  name: Name,
  wanted: EventFilter[Name],
): readonly EventPredicate[] {
  return wanted === undefined ? [] : [tests[name](wanted)];
}
