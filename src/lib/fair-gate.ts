/** The owner of some work: a holder, such as an actor, and a part of it, such as one operation. */
export interface GateShare {
  readonly holder: string | symbol;
  /** Compared by identity. */
  readonly part: object;
  /** Whether the result is no longer needed: work that has not started then never starts. */
  isOver(): boolean;
}

/** The limits of a gate, as numbers of calls of `run`. */
interface FairGateOptions {
  /** How many run at once: in total, for one holder, and for one part of a holder. */
  readonly runningMax: number;
  readonly runningOfHolderMax: number;
  readonly runningOfPartMax: number;
  /** How many of one holder may wait; further ones are rejected. */
  readonly waitingOfHolderMax: number;
}

/** Runs a bounded amount of work at once, and lets waiting work take turns. */
export interface FairGate {
  /**
   * Runs some work as soon as there is capacity. Holders take turns, and so do the parts of a
   * holder; each turn runs one piece of work. Throws `GateFullError` if too much work of the holder
   * is waiting, and an AbortError if `isOver` before its turn.
   */
  run<Value>(share: GateShare, work: () => Promise<Value>): Promise<Value>;
}

/** Too much work of one holder is already waiting; this work has not run. */
export class GateFullError extends Error {
  readonly code = 'OVERLOADED';
  constructor(waitingMax: number) {
    super(`${waitingMax} reads of this actor are already waiting: try again later`);
  }
}

export function createFairGate(options: FairGateOptions): FairGate {
  const { runningMax, runningOfHolderMax, runningOfPartMax, waitingOfHolderMax } = options;
  const holders = new Map<string | symbol, Holder>();
  // The holders with waiting work, in the order of their turns.
  const waiting = new Set<Holder>();
  let running = 0;

  const hasPartRoom = (part: Part): boolean => part.running < runningOfPartMax;
  const hasRoom = (holder: Holder): boolean => holder.running < runningOfHolderMax;
  const isNext = (holder: Holder): boolean =>
    hasRoom(holder) && first(holder.waitingParts, hasPartRoom) !== undefined;

  function enter(holder: Holder, part: Part): void {
    running += 1;
    holder.running += 1;
    part.running += 1;
  }

  function leave(holder: Holder, part: Part): void {
    running -= 1;
    holder.running -= 1;
    part.running -= 1;
    forgetUnused(holder, part);
    while (running < runningMax && letNextIn());
  }

  function forgetUnused(holder: Holder, part: Part): void {
    if (part.running > 0 || part.waiting.length > 0) return;
    holder.parts.delete(part.of);
    if (holder.parts.size === 0) holders.delete(holder.name);
  }

  /** Skips holders without capacity: there are few, since each of them has running work. */
  function letNextIn(): boolean {
    const holder = first(waiting, isNext);
    const part = holder && first(holder.waitingParts, hasPartRoom);
    if (holder === undefined || part === undefined) return false;
    const waiter = part.waiting.shift();
    holder.waitingCount -= 1;
    toTheEnd(holder.waitingParts, part, part.waiting.length > 0);
    toTheEnd(waiting, holder, holder.waitingCount > 0);
    if (waiter?.isOver() === true) {
      waiter.reject(new DOMException('the result is no longer needed', 'AbortError'));
      forgetUnused(holder, part);
    } else {
      enter(holder, part);
      waiter?.resolve();
    }
    return true;
  }

  async function wait(holder: Holder, part: Part, { isOver }: GateShare): Promise<void> {
    if (holder.waitingCount >= waitingOfHolderMax) {
      forgetUnused(holder, part);
      throw new GateFullError(waitingOfHolderMax);
    }
    holder.waitingCount += 1;
    holder.waitingParts.add(part);
    waiting.add(holder);
    await new Promise<void>((resolve, reject) => {
      part.waiting.push({ resolve, reject, isOver });
    });
  }

  return {
    async run(share, work) {
      const holder = holders.get(share.holder) ?? createHolder(share.holder);
      const part = holder.parts.get(share.part) ?? createPart(share.part);
      holders.set(share.holder, holder);
      holder.parts.set(share.part, part);
      const isFree = running < runningMax && hasRoom(holder) && hasPartRoom(part);
      if (isFree) enter(holder, part);
      else await wait(holder, part, share);
      try {
        return await work();
      } finally {
        leave(holder, part);
      }
    },
  };
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
  isOver(): boolean;
}

interface Part {
  readonly of: object;
  readonly waiting: Waiter[];
  running: number;
}

interface Holder {
  readonly name: string | symbol;
  readonly parts: Map<object, Part>;
  readonly waitingParts: Set<Part>;
  waitingCount: number;
  running: number;
}

function createHolder(name: string | symbol): Holder {
  return { name, parts: new Map(), waitingParts: new Set(), waitingCount: 0, running: 0 };
}

function createPart(of: object): Part {
  return { of, waiting: [], running: 0 };
}

function first<Item>(items: ReadonlySet<Item>, fits: (item: Item) => boolean): Item | undefined {
  for (const item of items) if (fits(item)) return item;
  return undefined;
}

function toTheEnd<Item>(items: Set<Item>, item: Item, stays: boolean): void {
  items.delete(item);
  if (stays) items.add(item);
}
