import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import { type Broadcast, createBroadcast } from '../lib/broadcast.ts';
import type { DocumentAt } from './read.ts';

/** A document as it stands after an event; in the first one as it stands now, without an event. */
export interface WatchedState<Document> {
  readonly sequence: number;
  readonly document: Document | null;
  readonly event: StoredEvent | null;
  /** Of the event that made the document what it is; null when there is none. */
  readonly changedAt: number | null;
}

/** A state that is read when somebody first asks, and is then the same object for all who ask. */
export interface SharedState {
  readonly sequence: number;
  read(): Promise<WatchedState<JsonObject>>;
}

/** One who watches a document, and the states that it has not looked at yet. */
export interface DocumentWatch {
  readonly pending: SharedState[];
  readonly changed: Broadcast;
  /** May be called again. */
  end(): void;
}

/** What all watchers of one document have in common. */
export interface WatchedDocument {
  watch(): DocumentWatch;
  /** The state at a sequence at which the view can be read, for those who begin there. */
  first(sequence: number): SharedState;
  /** Tells an event that concerns the document, at which the view can be read. */
  tell(event: StoredEvent): void;
}

export type ReadDocument = (sequence: number) => Promise<DocumentAt | null>;

const pendingMax = 100;

/** Watchers of one document read each of its states once between them. */
export function createWatchedDocument(
  read: ReadDocument,
  onUnwatched: () => void,
): WatchedDocument {
  const watches = new Set<DocumentWatch>();
  let first: SharedState | null = null;
  return {
    watch() {
      const watch: DocumentWatch = {
        pending: [],
        changed: createBroadcast(),
        end() {
          if (watches.delete(watch) && watches.size === 0) onUnwatched();
        },
      };
      watches.add(watch);
      return watch;
    },
    first(sequence) {
      if (first?.sequence !== sequence) first = createSharedState(read, sequence, null);
      return first;
    },
    tell(event) {
      const state = createSharedState(read, event.sequence, event);
      for (const watch of watches) push(watch, state);
    },
  };
}

function push({ pending, changed }: DocumentWatch, state: SharedState): void {
  // Too slow for every state: the last one is what counts.
  if (pending.length >= pendingMax) pending.length = 0;
  pending.push(state);
  changed.wake();
}

function createSharedState(
  read: ReadDocument,
  sequence: number,
  event: StoredEvent | null,
): SharedState {
  let reading: Promise<WatchedState<JsonObject>> | null = null;

  async function readState(): Promise<WatchedState<JsonObject>> {
    try {
      const found = await read(sequence);
      const document = found?.document ?? null;
      return { sequence, document, event, changedAt: found?.sequence ?? null };
    } catch (error) {
      // Whoever comes later may have more luck.
      reading = null;
      throw error;
    }
  }

  return {
    sequence,
    read() {
      reading ??= readState();
      return reading;
    },
  };
}
