import { delay } from '../../../../src/lib/delay.ts';
import type { Stage } from '../stage.ts';
import { startWorker, type Worker } from '../worker.ts';

/** A system to which a bridge copies the log. */
export interface Bus {
  readonly name: string;
  /** The bridge of a round as the configuration has it; each has its own stream or topic. */
  bridge(round: string): { readonly name: string };
  /** A number that grows with each message that readers can see. */
  position(round: string): Promise<number>;
}

const lookMs = 20;
const askMs = 250;
const catchUpMs = 300_000;

interface Growth {
  readonly at: number;
  readonly position: number;
}

/** A bridge in its own process. */
export interface RunningBridge {
  /** Its name, and that of the stream or topic. */
  readonly round: string;
  readonly worker: Worker;
}

/** Runs work with a bridge in its own process, which gives back its lease at the end. */
export async function withBridge<T>(
  stage: Stage,
  bus: Bus,
  { url, round }: { readonly url: string; readonly round: string },
  work: (bridge: RunningBridge) => Promise<T>,
): Promise<T> {
  const worker = startWorker(new URL('bridge-worker.ts', import.meta.url));
  return stage.withWorkers([worker], async () => {
    await worker.call('start', { url, bridge: bus.bridge(round) });
    const result = await work({ round, worker });
    await worker.call('stop');
    return result;
  });
}

/**
 * Waits until a bridge has delivered the log. Returns the messages a second between the first and
 * the last one that could be seen; `onLook` is called meanwhile, about once a second.
 */
export async function catchUp(
  bus: Bus,
  { round, worker }: RunningBridge,
  { events, onSecond }: { readonly events: number; onSecond?: () => Promise<void> },
): Promise<number> {
  const { name } = bus.bridge(round);
  const deadline = performance.now() + catchUpMs;
  let first: Growth | null = null;
  let last: Growth | null = null;
  let askedAt = performance.now();
  let secondAt = performance.now();
  for (;;) {
    const position = await bus.position(round);
    const now = performance.now();
    if (position > (last?.position ?? 0)) last = { at: now, position };
    first ??= last;
    if (now > deadline) throw new Error(`${bus.name} has ${position} of ${events} messages`);
    if (onSecond !== undefined && now - secondAt >= 1_000) {
      secondAt = now;
      await onSecond();
    }
    if (position >= events && now - askedAt > askMs) {
      askedAt = now;
      if (await worker.call<boolean>('isDelivered', { name })) break;
    }
    await delay(lookMs);
  }
  if (first === null || last === null || last.at === first.at) {
    throw new Error(`${bus.name} has all messages at once`);
  }
  return ((events - first.position) / (last.at - first.at)) * 1_000;
}
