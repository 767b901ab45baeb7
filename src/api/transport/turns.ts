/** Shares the time for making frames among actors. */
export interface Turns {
  /**
   * Called before each frame. Returns null if there is time for it now. Otherwise the promise
   * resolves at the actor's turn: actors take turns, and the frames of one actor stay in order.
   */
  next(actor: string): Promise<void> | null;
}

/**
 * Allows frames to be made for `budgetMs` in one turn of the event loop, then lets requests, timers
 * and answers of the database run.
 *
 * Frames are made in promise callbacks. Without this, a thousand subscriptions that always have a
 * next frame prevent the loop from reading its sockets: another client waited 3 s for its answer.
 */
export function createTurns(budgetMs: number): Turns {
  const waiting = new Map<string, (() => void)[]>();
  let beganAtMs: number | null = null;

  function begin(): void {
    beganAtMs = performance.now();
    setImmediate(endTurn);
  }

  function isSpent(): boolean {
    return beganAtMs !== null && performance.now() - beganAtMs >= budgetMs;
  }

  function endTurn(): void {
    beganAtMs = null;
    if (waiting.size === 0) return;
    begin();
    grantFirst();
  }

  function grantFirst(): void {
    takeFirst(waiting)?.();
    // Runs after the promise callbacks in which the frame is made, so that their time counts.
    if (waiting.size > 0) process.nextTick(grantNext);
  }

  function grantNext(): void {
    if (!isSpent()) grantFirst();
  }

  return {
    next(actor) {
      if (beganAtMs === null) begin();
      if (waiting.size === 0 && !isSpent()) return null;
      return new Promise((resolve) => {
        const own = waiting.get(actor);
        if (own === undefined) waiting.set(actor, [resolve]);
        else own.push(resolve);
      });
    },
  };
}

/** Takes the first frame of the actor that has waited longest, and moves that actor to the end. */
function takeFirst(waiting: Map<string, (() => void)[]>): (() => void) | undefined {
  const [entry] = waiting;
  if (entry === undefined) return undefined;
  const [actor, own] = entry;
  const first = own.shift();
  waiting.delete(actor);
  if (own.length > 0) waiting.set(actor, own);
  return first;
}
