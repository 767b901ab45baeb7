import { createEventPredicate } from '../feed/event-predicate.ts';
import type { Feed } from '../feed/feed.ts';
import { nextPage } from '../feed/next-page.ts';
import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import { type EventDefinition, latestSchemaVersion } from '../kernel/event-definition.ts';
import { isTransient } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter } from '../log/read.ts';
import type { KeyRing, MaybePromise } from '../personal/key-ring.ts';
import { BridgeParkedError } from './errors.ts';
import { type Message, toMessage, withSignedHead } from './message.ts';

/** The messages up to a sequence number. */
export interface MessagePage {
  /** In order of sequence number. */
  readonly messages: readonly Message[];
  readonly end: number;
  /** The id of the event at `end`; null if the page does not have it. */
  readonly endEventId: string | null;
  /** How many events the log has after `end`, as this process knows it. */
  readonly behind: number;
}

/** What a bridge copies. */
export interface MessageSource {
  /**
   * The messages after a sequence number. Waits for them, at most `withinMs`; an empty page may end
   * where it began. Null if the reader was stopped. Throws `BridgeParkedError` for an event that
   * cannot be converted.
   */
  page(after: number, withinMs: number): Promise<MessagePage | null>;
}

/** Creates a source from the moment of the call: it throws once the log has been replaced. */
export type OpenSource = (signal: AbortSignal) => MessageSource;

interface EventSourceOptions {
  readonly log: Log;
  readonly feed: Feed;
  readonly filter: EventFilter;
  /** What opens personal texts. */
  readonly keys: Pick<KeyRing, 'openMembers'>;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  /** The UUID of the log. */
  readonly ledger: string;
  /** The last signed head of the log, which the next message carries; none if absent. */
  readonly signedHead?: () => string | null;
  readonly limit: number;
}

/** The events of the log that pass a filter. */
export function openEventSource(options: EventSourceOptions, signal: AbortSignal): MessageSource {
  const { log, feed, filter, limit, signedHead } = options;
  const passes = createEventPredicate(filter);
  const history = feed.history();
  let sentHead: string | null = null;
  return {
    async page(after, withinMs) {
      const page = await nextPage({ log, feed, filter, signal, history, limit }, after, withinMs);
      if (page === null) return null;
      const { events, end } = page;
      const last = events.at(-1);
      const endEventId = last?.sequence === end ? last.id : null;
      const converted = await convert(options, events.filter(passes));
      const head = signedHead?.() ?? null;
      const [first, ...others] = converted;
      const isNew = first !== undefined && head !== null && head !== sentHead;
      const messages = isNew ? [withSignedHead(first, head), ...others] : converted;
      if (isNew) sentHead = head;
      return { messages, end, endEventId, behind: feed.tail() - end };
    },
  };
}

/** What waits for its data; the keys of most people are known already. */
interface Opening {
  readonly event: StoredEvent;
  readonly data: MaybePromise<JsonObject>;
}

async function convert(
  { ledger, keys, definitions }: EventSourceOptions,
  events: readonly StoredEvent[],
): Promise<readonly Message[]> {
  const opening = events.map((event): Opening => {
    const data = guard(event, () => keys.openMembers(event.data, event.id));
    // An error is thrown where the data is awaited, in the order of the events.
    if (data instanceof Promise) data.catch(() => {});
    return { event, data };
  });
  const messages: Message[] = [];
  for (const { event, data } of opening) {
    const opened = data instanceof Promise ? await data.catch(toParked(event)) : data;
    const definition = definitions.get(event.type);
    const dataVersion =
      definition === undefined ? event.schemaVersion : latestSchemaVersion(definition);
    messages.push(guard(event, () => toMessage(ledger, event, { data: opened, dataVersion })));
  }
  return messages;
}

function guard<Value>(event: StoredEvent, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    return toParked(event)(cause);
  }
}

function toParked({ type, sequence }: StoredEvent): (cause: unknown) => never {
  return (cause) => {
    if (isTransient(cause)) throw cause;
    throw new BridgeParkedError(`${type}, event ${sequence}, cannot be converted`, { cause });
  };
}
