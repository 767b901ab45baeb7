import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import { type BridgeControl, clearBridgeError, readControl } from './control.ts';
import type { Start } from './locate.ts';
import type { MessagePage } from './source.ts';
import { advanceBridge, type BridgeState } from './store.ts';

/** Where a page ends. */
export type PageEnd = Pick<MessagePage, 'end' | 'endEventId'>;

interface ProgressOptions {
  readonly executor: Executor;
  readonly log: Log;
  /** The bridge as it was when the delivery began. */
  readonly state: BridgeState;
  readonly start: Start;
  /** What an operator had asked for when the delivery began. */
  readonly asked: BridgeControl;
}

export type BridgeProgress = Awaited<ReturnType<typeof createProgress>>;

const saveMs = 1_000;

/**
 * The progress of a bridge. It is saved once a second while events come, when none is left, and at
 * once if a note is urgent.
 */
export async function createProgress({ executor, log, state, start, asked }: ProgressOptions) {
  const { epoch } = await log.head();
  const { id } = state;
  let saved = state.checkpoint;
  let current = { to: start.after, toEventId: null as string | null, delivered: state.delivered };
  let isFailing = asked.failingMs !== null;
  let isDirty = start.after !== saved;
  let savedAt = performance.now();
  let lookedAt = performance.now();

  async function save(): Promise<void> {
    if (!isDirty) return;
    await advanceBridge(executor, { id, from: saved, ...current, epoch, lanes: start.lanes });
    saved = current.to;
    isDirty = false;
    savedAt = performance.now();
  }
  return {
    lanes: start.lanes,
    save,
    isSaved: () => !isDirty,
    async note(
      { end, endEventId }: PageEnd,
      last: number | null,
      { isUrgent }: { readonly isUrgent: boolean },
    ): Promise<void> {
      if (end === current.to) return;
      current = { to: end, toEventId: endEventId, delivered: last ?? current.delivered };
      isDirty = true;
      const isDue = performance.now() - savedAt >= saveMs;
      if (isDue || (isUrgent && last !== null)) await save();
    },
    /** Clears the error of earlier attempts, because there is nothing left to deliver. */
    async noteIdle(): Promise<void> {
      if (!isFailing) return;
      isFailing = false;
      await clearBridgeError(executor, id);
    },
    /** Whether an operator has asked for something since the delivery began. */
    async isInterrupted(): Promise<boolean> {
      if (performance.now() - lookedAt < saveMs) return false;
      lookedAt = performance.now();
      await save();
      const control = await readControl(executor, id);
      isFailing ||= control.failingMs !== null;
      return control.paused || control.parked || control.retries !== asked.retries;
    },
  };
}
