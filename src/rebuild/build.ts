import { readReadable } from '../feed/readable-page.ts';
import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import { advance, type MovingView } from '../views/building/advance.ts';
import { pageSizeMax } from '../views/building/pace.ts';

/** Rows that are being built, and the sequence up to which. */
interface Building {
  readonly moving: MovingView;
  readonly goal: number;
}

interface BuildOptions {
  readonly log: Pick<Log, 'events'>;
  readonly signal: AbortSignal;
  /** Called after each page; the next one waits for it. */
  onPage(): Promise<void>;
}

/**
 * Folds the log into rows until each is at its goal or has failed on an event, or until the signal
 * fires. Rows at the same sequence advance together. Throws `NewerEventError` if this program
 * cannot read the next event.
 */
export async function buildRows(
  executor: Executor,
  building: readonly Building[],
  { log, signal, onPage }: BuildOptions,
): Promise<void> {
  while (!signal.aborted) {
    const behind = building.filter(
      ({ moving, goal }) => moving.parked === null && moving.checkpoint < goal,
    );
    if (behind.length === 0) return;
    const rear = Math.min(...behind.map(({ moving }) => moving.checkpoint));
    // The page ends where others begin, so that they then advance together.
    const ends = behind.flatMap(({ moving, goal }) => [moving.checkpoint, goal]);
    const end = Math.min(...ends.filter((sequence) => sequence > rear));
    const page = { after: rear, before: end + 1, limit: pageSizeMax };
    const { events, newer } = await readReadable(log, {}, page);
    if (events.length === 0) throw newer ?? new Error(`the log has no event after ${rear}`);
    const atRear = behind.filter(({ moving }) => moving.checkpoint === rear);
    await advance(
      executor,
      atRear.map(({ moving }) => moving),
      events,
    );
    await onPage();
  }
}
