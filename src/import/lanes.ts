/** Runs tasks: those of one lane one after the other, those of different lanes beside each other. */
export interface Lanes {
  /**
   * Takes a task as soon as there is room, which is all that it waits for. Throws what the first
   * task to fail threw; after that no task begins.
   */
  add(lane: string, task: () => Promise<void>): Promise<void>;
  /** Waits for all tasks; throws as `add`. */
  finish(): Promise<void>;
}

export interface LaneLimits {
  readonly runningMax: number;
  /** Taken and not done, running ones among them. */
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
      // Whoever waits takes over this place: the count stays as it is.
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
