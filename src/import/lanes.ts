/** Runs tasks: sequentially within a lane, concurrently in different lanes. */
interface Lanes {
  /**
   * Waits until fewer than `takenMax` tasks are unfinished, then takes the task without waiting for
   * its end. Throws the error of the first task that failed; after it no task begins.
   */
  add(lane: string, task: () => Promise<void>): Promise<void>;
  /** Waits for all tasks; throws like `add`. */
  finish(): Promise<void>;
}

interface LaneLimits {
  readonly runningMax: number;
  /** The most unfinished tasks, including running ones. */
  readonly takenMax: number;
}

export function createLanes({ runningMax, takenMax }: LaneLimits): Lanes {
  const tails = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let failure: { readonly error: unknown } | null = null;
  let running = 0;

  async function runInTurn(task: () => Promise<void>): Promise<void> {
    if (running < runningMax) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      if (failure === null) await task();
    } catch (error) {
      failure ??= { error };
    } finally {
      // The next task takes over this slot, so the count does not change.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  const taken = new Set<Promise<void>>();
  const assertNoFailure = (): void => {
    if (failure !== null) throw failure.error;
  };
  return {
    async add(lane, task) {
      while (taken.size >= takenMax) await Promise.race(taken);
      assertNoFailure();
      const done = (tails.get(lane) ?? Promise.resolve()).then(() => runInTurn(task));
      tails.set(lane, done);
      taken.add(done);
      done.finally(() => {
        taken.delete(done);
        if (tails.get(lane) === done) tails.delete(lane);
      });
    },
    async finish() {
      await Promise.all(taken);
      assertNoFailure();
    },
  };
}
