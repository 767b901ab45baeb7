import { delay } from '../lib/delay.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { type BridgeRow, readBridges } from './store.ts';

/** What an operator has asked for, and what stops the bridge. */
export interface BridgeControl {
  readonly paused: boolean;
  readonly parked: boolean;
  readonly retries: number;
  /** For how long every attempt has failed; null if the last one succeeded. */
  readonly failingMs: number | null;
}

const control: Query = {
  name: 'bridge_control',
  text: `select paused, parked, retries,
      (extract(epoch from clock_timestamp() - failing_since) * 1000)::float8 as "failingMs"
    from bridges where id = $1`,
};

/** What an operator has asked of a bridge. */
export async function readControl(executor: Executor, id: number): Promise<BridgeControl> {
  const [row] = await executor.query<BridgeControl>(control, [id]);
  if (row === undefined) throw new Error(`bridge ${id} does not exist`);
  return row;
}

const setWorking: Query = {
  name: 'set_bridge_working',
  text: 'update bridges set working = $2 where id = $1 and working <> $2',
};

/** Saves whether the process that leads a bridge works on it now. */
export async function setBridgeWorking(
  executor: Executor,
  id: number,
  working: boolean,
): Promise<void> {
  await executor.query(setWorking, [id, working]);
}

const setError: Query = {
  name: 'set_bridge_error',
  text: `update bridges set error = $2, parked = parked or $3,
      failing_since = coalesce(failing_since, clock_timestamp())
    where id = $1`,
};

/** Saves why a bridge does not advance; `parked`: until an operator retries it. */
export async function setBridgeError(
  executor: Executor,
  id: number,
  { error, parked }: { readonly error: string; readonly parked: boolean },
): Promise<void> {
  await executor.query(setError, [id, error, parked]);
}

const clearError: Query = {
  name: 'clear_bridge_error',
  text: 'update bridges set error = null, failing_since = null where id = $1',
};

/** Saves that a bridge works again. */
export async function clearBridgeError(executor: Executor, id: number): Promise<void> {
  await executor.query(clearError, [id]);
}

const changes: Readonly<Record<'pause' | 'resume' | 'retry', Query>> = {
  pause: { name: 'pause_bridge', text: 'update bridges set paused = true where name = $1' },
  resume: {
    name: 'resume_bridge',
    // The time of the pause is no failure; what parks the bridge stays.
    text: `update bridges set paused = false, failing_since = null,
        error = case when parked then error end
      where name = $1`,
  },
  retry: {
    name: 'retry_bridge',
    text: `update bridges set parked = false, error = null, failing_since = null,
        retries = retries + 1
      where name = $1`,
  },
};

export type BridgeChange = keyof typeof changes;

/** How long a change waits until a paused bridge has finished its batch in flight. */
const finishMs = 5_000;
const lookMs = 100;

/**
 * Records what an operator asks of a bridge; the process that runs it follows within a second.
 * After a pause, returns once nothing is sent any more, or after five seconds.
 */
export async function changeBridge(
  executor: Executor,
  name: string,
  change: BridgeChange,
): Promise<BridgeRow | null> {
  await executor.query(changes[change], [name]);
  const until = performance.now() + finishMs;
  for (;;) {
    const row = (await readBridges(executor)).find((each) => each.name === name) ?? null;
    const isEnding = change === 'pause' && row?.paused === true && isWorking(row);
    if (!isEnding || performance.now() > until) return row;
    await delay(lookMs);
  }
}

/** Whether a process works on the bridge now. */
export function isWorking({ isLed, working }: BridgeRow): boolean {
  return isLed && working;
}
