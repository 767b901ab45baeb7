import type { Feed } from '../feed/feed.ts';
import { keepLeading, retryMs } from '../feed/keep-leading.ts';
import { createNewerProgram } from '../feed/newer-program.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import type { Log } from '../log/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import type { Leadership } from '../postgres/leadership.ts';
import { type BackOff, createBackOff } from './back-off.ts';
import { type BridgeControl, readControl, setBridgeError, setBridgeWorking } from './control.ts';
import { createEndSignal } from './end-signal.ts';
import { BridgeParkedError, TargetError } from './errors.ts';
import type { OpenSource } from './source.ts';
import {
  type BridgeIdentity,
  BridgeMovedError,
  type BridgeState,
  readBridge,
  registerBridge,
} from './store.ts';
import type { TargetKind } from './target.ts';
import { waitForRetry } from './wait-for-retry.ts';

/** A bridge that copies the log to a target. */
export interface OutboundBridge {
  readonly identity: BridgeIdentity;
  /** The sequence number after which a new bridge begins; null: the head of the log. */
  readonly from: number | null;
  readonly target: TargetKind;
  readonly openSource: OpenSource;
}

/** The work of this process on a bridge that it leads: where it starts, and when it ends. */
export interface BridgeTerm {
  /** A separate connection. */
  readonly executor: Executor;
  readonly state: BridgeState;
  readonly asked: BridgeControl;
  /** The signal for work: when it fires, the batch in flight is finished and saved. */
  readonly signal: AbortSignal;
  /** The signal after which nothing may be sent. */
  readonly endSignal: AbortSignal;
  /** Called after each batch that has been delivered, and while there is none to deliver. */
  onWorking(): void;
}

/** A bridge in either direction. */
export interface Bridge {
  readonly identity: BridgeIdentity;
  /** The sequence number after which a new bridge begins; null: the head of the log. */
  readonly from: number | null;
  /** Park the bridge after this long without success; never by default. */
  readonly giveUpAfterMs?: number | undefined;
  /**
   * Works until the signal fires or an operator pauses or retries the bridge. Throws `TargetError`
   * and `BridgeParkedError`, and the errors of the log and the database.
   */
  work(term: BridgeTerm): Promise<void>;
}

interface RunBridgeOptions {
  readonly database: Database;
  /** The database over which leases are taken and renewed. */
  readonly keeper: Database;
  /** A UUID of this process. */
  readonly holder: string;
  readonly log: Log;
  readonly feed: Feed;
  readonly logger: Logger;
  /** The UUID of the log. */
  readonly ledger: string;
}

const lookMs = 500;
const faultRetryMs = 5_000;

/**
 * Keeps a bridge running until the signal fires. While another process runs it, waits to take over.
 * A target that fails is tried again without a limit; never throws.
 */
export function runBridge(
  options: RunBridgeOptions,
  bridge: Bridge,
  signal: AbortSignal,
): Promise<void> {
  const { database, keeper, holder, logger } = options;
  const { name, kind } = bridge.identity;
  const fields = { bridge: name, kind };
  const newer = createNewerProgram(options);
  const claim = { database, keeper, kind: 'daybook.bridges', holder, logger, signal } as const;
  return keepLeading(claim, {
    subject: 'a bridge is',
    fields,
    newer,
    faultRetryMs,
    async run(executor, leadership) {
      const id = await takeOver(executor, bridge, leadership);
      if (id !== null) await lead({ ...options, bridge, executor, leadership, stop: signal }, id);
      return retryMs;
    },
    onReplaced: () => logger.info(fields, 'a bridge starts again with the restored log'),
    // A bridge that another process has advanced has no fault.
    onFault: async (error) => {
      if (!(error instanceof BridgeMovedError)) await saveFault(options, name, error);
    },
    canMove: async () => newer.canMove([(await readBridge(database, name)).checkpoint]),
  });
}

/** Waits for the lease. Null if the signal fires. */
async function takeOver(
  executor: Executor,
  { identity, from }: Bridge,
  { signal, take }: Leadership,
): Promise<number | null> {
  await registerBridge(executor, identity, from);
  const { id } = await readBridge(executor, identity.name);
  while (!(await take([id])).has(id)) {
    await delay(lookMs, signal);
    if (signal.aborted) return null;
  }
  return id;
}

interface Led extends RunBridgeOptions {
  readonly bridge: Bridge;
  readonly executor: Executor;
  readonly leadership: Leadership;
  readonly stop: AbortSignal;
}

/** Runs a bridge under its lease: delivers, waits while it is paused or parked, and tries again. */
async function lead(led: Led, id: number): Promise<void> {
  const { executor, bridge, leadership, logger, stop } = led;
  const { signal, lost } = leadership;
  const { name, kind } = bridge.identity;
  const backOff = createBackOff();
  const end = createEndSignal(lost, stop);
  let lastError: string | null = null;
  let retries: number | null = null;
  try {
    while (!signal.aborted) {
      const asked = await readControl(executor, id);
      // A target that an operator has just repaired need not wait for a long pause.
      if (asked.retries !== retries) backOff.reset();
      retries = asked.retries;
      const isHeld = asked.paused || asked.parked;
      await setBridgeWorking(executor, id, !isHeld);
      if (isHeld) {
        await delay(lookMs, signal);
        continue;
      }
      const onWorking = () => {
        if (lastError === null) return;
        logger.info({ bridge: name, kind }, 'a bridge delivers again');
        lastError = null;
        backOff.reset();
      };
      try {
        const state = await readBridge(executor, name);
        const endSignal = end.signal;
        await bridge.work({ executor, state, asked, signal, endSignal, onWorking });
      } catch (error) {
        if (!(error instanceof TargetError || error instanceof BridgeParkedError)) throw error;
        if (signal.aborted) return;
        const reason = toOneLine(error);
        const parked = error instanceof BridgeParkedError || isHopeless(bridge, asked);
        await setBridgeError(executor, id, { error: reason, parked });
        if (parked) logger.error({ bridge: name, kind, reason }, 'a bridge is parked');
        else if (reason !== lastError) {
          logger.warn({ bridge: name, kind, reason }, 'a bridge cannot deliver; trying again');
        }
        lastError = reason;
        if (parked) continue;
        const pauseMs = toPauseMs(error, backOff);
        await waitForRetry(executor, { id, asked, pauseMs }, signal);
      }
    }
  } finally {
    end.dispose();
  }
}

/** Whether the target has failed for as long as its kind allows. */
function isHopeless({ giveUpAfterMs }: Bridge, { failingMs }: BridgeControl): boolean {
  return giveUpAfterMs !== undefined && failingMs !== null && failingMs >= giveUpAfterMs;
}

/** The pause before the next attempt: at least as long as the target asks. */
function toPauseMs(error: unknown, backOff: BackOff): number {
  const askedMs = error instanceof TargetError ? error.retryAfterMs : 0;
  return Math.max(backOff.next(), askedMs);
}

async function saveFault(
  { database, logger }: RunBridgeOptions,
  name: string,
  error: unknown,
): Promise<void> {
  try {
    const { id } = await readBridge(database, name);
    await setBridgeError(database, id, { error: toOneLine(error), parked: false });
  } catch (failure) {
    logger.warn({ bridge: name, err: failure }, "a bridge's error could not be saved");
  }
}
