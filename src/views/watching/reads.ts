import { everyEvent, type Topic, type TopicsOf, topicsThrough } from '../../feed/event-topics.ts';
import type { JsonObject } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import type { EventFilter, EventPage } from '../../log/read.ts';
import { toPartition } from '../lists/partition.ts';
import type { ListedDocument, ListPage } from '../read.ts';
import type { ReadPoint } from '../read-point.ts';
import type { ListRange } from './list-changes.ts';
import { topicsOf } from './watch-document.ts';

/**
 * What an execution has read at one sequence, and thereby which later events can change its answer.
 * Reads of the past are left out, because their answers never change.
 */
export interface Reads {
  document<Document extends JsonObject>(view: View<Document>, key: string, at: ReadPoint): void;
  /** A page of a list, and what it had. */
  list<Document extends JsonObject>(
    view: View<Document>,
    page: ListPage,
    found: readonly ListedDocument<Document>[],
    at: ReadPoint,
  ): void;
  /** A page of the log, and how many events it had. */
  events(filter: EventFilter, page: EventPage, found: number): void;
  /** The head of the log, which every event changes. */
  head(): void;
  topics(): readonly Topic[];
  ranges(): readonly ListRange[];
}

export function createReads(sequence: number): Reads {
  const topics = new Map<TopicsOf, Set<string>>();
  const ranges: ListRange[] = [];
  const add = ({ of, name }: Topic): void => {
    topics.set(of, (topics.get(of) ?? new Set<string>()).add(name));
  };
  return {
    document(view, key, at) {
      if (typeof at === 'number') add({ of: topicsOf(view), name: key });
    },
    list(view, page, found, at) {
      if (typeof at !== 'number') return;
      const { anyOf, ...one } = page;
      if (anyOf === undefined) ranges.push(rangeOf(view as never, one, found));
      for (const values of anyOf ?? []) {
        // Which of the documents are from which partition is not known: each may change the page.
        const filter = { ...page.filter, ...values };
        ranges.push(rangeOf(view as never, { ...one, filter }, []));
      }
    },
    events(filter, page, found) {
      const { before = Number.MAX_SAFE_INTEGER, limit, descending = false } = page;
      // Later events are not in a page that ends before them, or that earlier events have filled.
      if (before <= sequence || (!descending && found >= limit)) return;
      for (const topic of topicsThrough(filter)) add(topic);
    },
    head: () => add(everyEvent),
    topics: () => [...topics].flatMap(([of, names]) => [...names].map((name) => ({ of, name }))),
    ranges: () => ranges,
  };
}

function rangeOf(
  view: ListRange['view'],
  { list, filter = {}, after = null, before = null, limit, descending = false }: ListPage,
  found: readonly ListedDocument[],
): ListRange {
  const last = found.length < limit ? undefined : found.at(-1);
  const partition = toPartition(filter);
  if (last === undefined) return { view, list, partition, from: after, to: before };
  const end = { position: last.position, key: last.key };
  return descending
    ? { view, list, partition, from: end, to: before }
    : { view, list, partition, from: after, to: end };
}
