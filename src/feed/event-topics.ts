import type { StoredEvent } from '../kernel/event.ts';
import type { EventFilter } from '../log/read.ts';

/** Returns the names of the topics that an event concerns; pure. */
export type TopicsOf = (event: StoredEvent) => readonly string[];

/** One of the names that `of` can return. */
export interface Topic {
  readonly of: TopicsOf;
  readonly name: string;
}

/**
 * The topics of the events that may pass a filter: its most selective member decides. Every event
 * that passes has one of them. Without a member, it is the topic of all events.
 */
export function topicsThrough(filter: EventFilter): readonly Topic[] {
  const { id, streamId, correlationId, actor, types } = filter;
  if (id !== undefined) return [{ of: ids, name: id }];
  if (streamId !== undefined) return [{ of: streams, name: streamId }];
  if (correlationId !== undefined) return [{ of: correlations, name: correlationId }];
  if (actor !== undefined) return [{ of: actors, name: actor }];
  if (types !== undefined) return types.map((name) => ({ of: eventTypes, name }));
  return [everyEvent];
}

const ids: TopicsOf = ({ id }) => [id];
const streams: TopicsOf = ({ streamId }) => [streamId];
const correlations: TopicsOf = ({ correlationId }) => [correlationId];
const actors: TopicsOf = ({ actor }) => [actor];
const eventTypes: TopicsOf = ({ type }) => [type];

/** The topic of all events. */
export const everyEvent: Topic = { of: () => [''], name: '' };
