import type { Feed } from '../feed/feed.ts';
import { keepLeading, retryMs } from '../feed/keep-leading.ts';
import { createNewerProgram, type NewerProgram } from '../feed/newer-program.ts';
import type { JsonObject } from '../kernel/event.ts';
import type { NewerEventError } from '../kernel/upgrade-needed.ts';
import type { View } from '../kernel/view.ts';
import { waitUntil } from '../lib/broadcast.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import type { MovingView } from './building/advance.ts';
import { runViewLeader } from './building/leader.ts';
import { assertViews } from './lists/assert-lists.ts';
import type { AnyView } from './lists/placement.ts';
import { createProposedReader, type StoredView } from './proposed/read-proposed.ts';
import {
  type DocumentAt,
  type DocumentVersion,
  type ListedDocument,
  type ListPage,
  readDocument,
  readList,
  readVersions,
  type SequenceRange,
} from './read.ts';
import { baseSequenceOf, isWouldBe, type ReadPoint } from './read-point.ts';
import { readableId, storedView } from './readable.ts';
import { createRefresh } from './refresh.ts';
import { areReady, createViewsState, endLeading, showMoved, type ViewsState } from './state.ts';
import type { ViewRow } from './store.ts';

/** The views of a program, kept up to date with the log, and readable at every sequence. */
export interface Views {
  /**
   * The sequence up to which all live views can be read; it decreases only if the log is replaced.
   */
  checkpoint(): number;
  /** Waits until `sequence` can be read. False if the time is up or the log has been replaced. */
  waitFor(sequence: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * The document of a key at a read point; null if there is none. Throws `ViewNotReadableError`,
   * `ViewHistoryThinnedError` and `UpgradeNeededError`, like the other reads.
   */
  document<Document extends JsonObject>(
    view: View<Document>,
    key: string,
    at: ReadPoint,
  ): Promise<DocumentAt<Document> | null>;
  /** A page of a list at a read point. Throws `ViewNotReadableError` and `UpgradeNeededError`. */
  list<Document extends JsonObject>(
    view: View<Document>,
    page: ListPage,
    at: ReadPoint,
  ): Promise<readonly ListedDocument<Document>[]>;
  /**
   * The versions of some documents in a range of sequences, in order, and the last version of each
   * before the range. Throws `ViewNotReadableError` and `UpgradeNeededError`.
   */
  versions(
    view: AnyView,
    keys: readonly string[],
    range: SequenceRange,
  ): Promise<readonly DocumentVersion[]>;
  /** Every view of this program, with its status, checkpoint and error. */
  rows(): readonly ViewRow[];
  /** Whether every view is either readable or parked. */
  isReady(): boolean;
  /**
   * The error for the event that this program cannot read, if its views are before it; else null.
   */
  unreadable(): NewerEventError | null;
  /** Whether other processes have had time to advance the views past that event, and none has. */
  isLeftBehind(): boolean;
  /** Reads the state of the views, because another process may have advanced them. */
  wake(): void;
  /** Reads the state of the views again, because the log has been replaced. */
  reset(): void;
  /**
   * Resolves once the views are ready, or after ten seconds, because folding a long log may take
   * longer.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ViewsOptions {
  readonly database: Database;
  /** The connections over which documents and lists are read; `database` by default. */
  readonly readers?: Executor;
  /** The database over which leases are taken and renewed; `database` by default. */
  readonly keeper?: Database;
  readonly log: Log;
  readonly feed: Feed;
  readonly logger: Logger;
  readonly views: readonly AnyView[];
}

const pollMs = 1_000;
const startTimeoutMs = 10_000;

/** Throws if one of the views breaks the rules of `View`. */
export function createViews(options: ViewsOptions): Views {
  const { database, readers = database, feed, logger } = options;
  assertViews(options.views);
  const stopping = new AbortController();
  const { signal } = stopping;
  const state = createViewsState(options.views);
  const newer = createNewerProgram(options);
  const refresh = createRefresh({ database, logger, signal }, state);
  let leading: Promise<void> | null = null;
  let poll: NodeJS.Timeout | undefined;
  return {
    ...createReads(readers, state, newer),
    checkpoint: () => state.checkpoint,
    waitFor: (sequence, timeoutMs, over) =>
      waitForCheckpoint(feed, state, { sequence, timeoutMs, signal: over }),
    rows: () => [...state.rows.values()],
    isReady: () => areReady(state),
    unreadable: () => newer.eventAfter(state.checkpoint),
    isLeftBehind: () => newer.isOverdue(state.checkpoint),
    wake: refresh.wake,
    reset: () => void refresh.again(),
    async start() {
      await refresh.now();
      leading = leadViews(options, state, { newer, signal });
      poll = setInterval(refresh.wake, pollMs);
      await waitUntil(() => areReady(state), state.moved, { timeoutMs: startTimeoutMs, signal });
    },
    async stop() {
      clearInterval(poll);
      stopping.abort();
      state.moved.wake();
      await Promise.all([leading, refresh.done()]);
    },
  };
}

interface ViewName {
  readonly name: string;
}

function createReads(
  readers: Executor,
  state: ViewsState,
  newer: NewerProgram,
): Pick<Views, 'document' | 'list' | 'versions'> {
  const proposed = createProposedReader(readers);
  const readable = ({ name }: ViewName, at: number): number =>
    readableId(state, newer, { name, at });
  const stored = ({ name }: ViewName, at: number): StoredView =>
    storedView(state, newer, { name, at });
  const untyped = {
    async document(view: ViewName, key: string, at: ReadPoint): Promise<DocumentAt | null> {
      if (isWouldBe(at)) return proposed.document(stored(view, at.sequence), key, at);
      const sequence = baseSequenceOf(at);
      return readDocument(readers, readable(view, sequence), key, sequence);
    },
    async list(view: ViewName, page: ListPage, at: ReadPoint): Promise<readonly ListedDocument[]> {
      if (isWouldBe(at)) {
        if (page.anyOf !== undefined) throw new Error('a dry run reads one partition at a time');
        return proposed.list(stored(view, at.sequence), page, at);
      }
      const sequence = baseSequenceOf(at);
      return readList(readers, readable(view, sequence), page, sequence);
    },
    async versions(view: ViewName, keys: readonly string[], range: SequenceRange) {
      readable(view, range.after);
      return readVersions(readers, readable(view, range.upTo), keys, range);
    },
  };
  // The view's own `evolve` made its documents, so they have the view's type.
  return untyped as Pick<Views, 'document' | 'list' | 'versions'>;
}

interface WaitOptions {
  readonly sequence: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function waitForCheckpoint(
  feed: Feed,
  state: ViewsState,
  { sequence, timeoutMs, signal }: WaitOptions,
): Promise<boolean> {
  const history = feed.history();
  const isOver = () => state.checkpoint >= sequence || feed.history() !== history;
  const isInTime = await waitUntil(isOver, state.moved, { timeoutMs, signal });
  return isInTime && feed.history() === history;
}

interface LeadOptions {
  readonly newer: NewerProgram;
  readonly signal: AbortSignal;
}

/** Advances the views whenever this process can lead them, until the signal fires. */
function leadViews(
  options: ViewsOptions,
  state: ViewsState,
  { newer, signal }: LeadOptions,
): Promise<void> {
  const { database, keeper = database, feed, logger } = options;
  const holder = newUuid();
  const claim = { database, keeper, kind: 'daybook.views', holder, logger, signal } as const;
  return keepLeading(claim, {
    subject: 'the views are',
    newer,
    faultRetryMs: retryMs,
    async run(executor, leadership) {
      const history = feed.history();
      const onMoved = (moving: readonly MovingView[]): void => {
        if (feed.history() === history) showMoved(state, moving);
      };
      try {
        await runViewLeader(executor, { ...options, newer, onMoved }, leadership);
        return retryMs;
      } finally {
        endLeading(state);
      }
    },
    onReplaced: feed.wake,
    canMove: () => newer.canMove([...state.rows.values()].map((row) => row.checkpoint)),
  });
}
