import type { Feed } from '../feed/feed.ts';
import { createNewerProgram } from '../feed/newer-program.ts';
import type { NewerEventError } from '../kernel/upgrade-needed.ts';
import { createBroadcast, waitUntil } from '../lib/broadcast.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import { LogReplacedError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import { withLeadership } from '../postgres/leadership.ts';
import type { MovingView } from './building/advance.ts';
import { runViewLeader } from './building/leader.ts';
import { ViewNotReadableError, ViewReplacedError } from './errors.ts';
import { assertViews } from './lists/assert-lists.ts';
import type { AnyView } from './lists/placement.ts';
import { createProposedReader, type StoredView } from './proposed/read-proposed.ts';
import {
  type DocumentAt,
  type ListedDocument,
  type ListPage,
  readDocument,
  readList,
} from './read.ts';
import type { ReadPoint } from './read-point.ts';
import { readViews, type ViewRow } from './store.ts';

/** The views of a program, kept up to date with the log, and readable at every sequence. */
export interface Views {
  /** The sequence up to which all live views can be read; falls only if the log is replaced. */
  checkpoint(): number;
  /** Waits until `sequence` can be read. False if the time is up or the log has been replaced. */
  waitFor(sequence: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * The document of a key at a read point; null if there is none. Throws `ViewNotReadableError` and
   * `UpgradeNeededError`.
   */
  document(view: ViewName, key: string, at: ReadPoint): Promise<DocumentAt | null>;
  /** A page of a list at a read point. Throws `ViewNotReadableError` and `UpgradeNeededError`. */
  list(view: ViewName, page: ListPage, at: ReadPoint): Promise<readonly ListedDocument[]>;
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
   * Resolves once the views are ready, or after ten seconds, as folding a long log takes longer.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface ViewName {
  readonly name: string;
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

const retryMs = 500;
const pollMs = 1_000;
const startTimeoutMs = 10_000;

/** Throws if one of the views does not keep the rules of `View`. */
export function createViews(options: ViewsOptions): Views {
  const { database, readers = database, keeper = database, feed, logger, views } = options;
  assertViews(views);
  const holder = newUuid();
  const stopping = new AbortController();
  const moved = createBroadcast();
  const wouldBe = createProposedReader(readers);
  const newer = createNewerProgram(options);
  let rows = new Map<string, ViewRow>();
  let newerVersions: readonly ViewRow[] = [];
  let checkpoint = 0;
  let leading: Promise<void> | null = null;
  let refreshing: Promise<void> | null = null;
  let isStale = false;
  let isLeadingAll = false;
  let led: ReadonlySet<number> = new Set();
  let poll: NodeJS.Timeout | undefined;

  const isOurs = ({ name, version }: ViewRow): boolean =>
    views.some((view) => view.name === name && view.version === version);

  function show(shown: readonly ViewRow[]): void {
    rows = new Map(shown.map((row) => [row.name, row]));
    const live = [...rows.values()].filter(({ status }) => status === 'live');
    const common = live.length === 0 ? 0 : Math.min(...live.map((row) => row.checkpoint));
    if (common > checkpoint) checkpoint = common;
    moved.wake();
  }

  /** The newer of two states: a row that was read may be older than what this process knows. */
  function newerOf(read: ViewRow): ViewRow {
    const known = rows.get(read.name);
    if (known === undefined || known.id !== read.id) return read;
    return led.has(known.id) || known.checkpoint > read.checkpoint ? known : read;
  }

  async function refresh(): Promise<void> {
    do {
      isStale = false;
      const known = await readViews(database);
      newerVersions = known.filter(({ name, version, status }) =>
        views.some((view) => view.name === name && version > view.version && status === 'live'),
      );
      show(known.filter(isOurs).map(newerOf));
    } while (isStale);
  }

  async function lead(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const { signal } = stopping;
        const claim = { database, keeper, kind: 'daybook.views', holder, logger, signal } as const;
        await withLeadership(claim, (executor, leadership) => {
          const history = feed.history();
          const onMoved = (moving: readonly MovingView[]): void => {
            if (feed.history() !== history) return;
            isLeadingAll = moving.length === views.length;
            led = new Set(moving.map(({ id }) => id));
            const moved = moving.map(toRow);
            const others = [...rows.values()].filter(
              (row) => !moved.some(({ name }) => name === row.name),
            );
            show([...others, ...moved]);
          };
          return runViewLeader(executor, { ...options, newer, onMoved }, leadership);
        });
      } catch (error) {
        const { message: reason } = error as Error;
        if (error instanceof LogReplacedError) feed.wake();
        else if (newer.note(error))
          logger.error({ reason }, 'the views are left to a newer program');
        else logger.warn({ err: error }, 'the views are stopped; trying again');
      }
      isLeadingAll = false;
      led = new Set();
      do await delay(retryMs, stopping.signal);
      while (!stopping.signal.aborted && !(await canMove()));
    }
  }

  async function canMove(): Promise<boolean> {
    const checkpoints = [...rows.values()].map((row) => row.checkpoint);
    return newer.canMove(checkpoints).catch(() => true);
  }

  function wake(): void {
    // If this process advances all views, it knows their state already, and sooner.
    if (isLeadingAll || stopping.signal.aborted) return;
    isStale = true;
    refreshing ??= refresh()
      .catch((error) => logger.warn({ err: error }, 'the state of the views could not be read'))
      .finally(() => {
        refreshing = null;
        // `wake` may have been called after the last read.
        if (isStale) wake();
      });
  }

  /** Retries until the state is read; until then the state for the previous log is shown. */
  async function readAgain(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const known = (await readViews(database)).filter(isOurs);
        rows = new Map();
        led = new Set();
        checkpoint = 0;
        show(known);
        return;
      } catch (error) {
        logger.warn({ reason: toOneLine(error) }, 'the state of the views could not be read');
        await delay(retryMs, stopping.signal);
      }
    }
  }

  function isReady(): boolean {
    return views.every(({ name }) => rows.has(name) && rows.get(name)?.status !== 'building');
  }

  function readable(view: ViewName, at: number): number {
    const row = rows.get(view.name);
    if (row === undefined || row.status === 'building' || row.checkpoint < at) {
      const unreadable = row?.status === 'parked' ? null : newer.eventAfter(row?.checkpoint ?? 0);
      if (unreadable !== null) throw unreadable;
      if (row?.status !== 'parked' && row?.status !== 'live') assertNotReplaced(view);
      throw new ViewNotReadableError(view.name, row ?? null, at);
    }
    return row.id;
  }

  function assertNotReplaced({ name }: ViewName): void {
    const version = views.find((view) => view.name === name)?.version;
    const by = newerVersions.find((row) => row.name === name)?.version;
    if (version === undefined || by === undefined) return;
    throw new ViewReplacedError(name, { version, by });
  }

  function stored({ name }: ViewName, at: number): StoredView {
    const id = readable({ name }, at);
    const view = views.find((each) => each.name === name);
    if (view === undefined) throw new Error(`this program has no view ${name}`);
    return { id, view };
  }

  return {
    checkpoint: () => checkpoint,
    async waitFor(sequence, timeoutMs, signal) {
      const history = feed.history();
      const isOver = () => checkpoint >= sequence || feed.history() !== history;
      const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
      return (await waitUntil(isOver, moved, options)) && feed.history() === history;
    },
    async document(view, key, at) {
      if (typeof at !== 'number') return wouldBe.document(stored(view, at.sequence), key, at);
      return readDocument(readers, readable(view, at), key, at);
    },
    async list(view, page, at) {
      if (typeof at !== 'number') return wouldBe.list(stored(view, at.sequence), page, at);
      return readList(readers, readable(view, at), page, at);
    },
    rows: () => [...rows.values()],
    isReady,
    unreadable: () => newer.eventAfter(checkpoint),
    isLeftBehind: () => newer.isOverdue(checkpoint),
    wake,
    reset: () => void readAgain(),
    async start() {
      await refresh();
      leading = lead();
      poll = setInterval(wake, pollMs);
      await waitUntil(isReady, moved, { timeoutMs: startTimeoutMs, signal: stopping.signal });
    },
    async stop() {
      clearInterval(poll);
      stopping.abort();
      moved.wake();
      await Promise.all([leading, refreshing]);
    },
  };
}

function toRow({ view, id, status, parked, checkpoint }: MovingView): ViewRow {
  const { name, version } = view;
  return {
    id,
    name,
    version,
    status: parked === null ? status : 'parked',
    checkpoint,
    error: parked,
  };
}
