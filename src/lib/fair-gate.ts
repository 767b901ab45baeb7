/** For whom some work is done: a part, such as one operation, of what a holder does at once. */
export interface GateShare {
  readonly holder: string | symbol;
  /** Compared by identity. */
  readonly part: object;
  /** Whether nobody waits for it any more: work that has not begun then never does. */
  isOver(): boolean;
}

export interface FairGateOptions {
  /** How much work runs at once: in all, of one holder, and of one part of what it does. */
  readonly runningMax: number;
  readonly runningOfHolderMax: number;
  readonly runningOfPartMax: number;
  /** How much work of one holder waits; more of it is refused. */
  readonly waitingOfHolderMax: number;
}

/** Lets work run, a bounded amount at once, and those who wait take turns. */
export interface FairGate {
  /**
   * Runs some work as soon as there is room. Holders take turns, and in a holder its parts, each
   * one work at a time. Throws `GateFullError`, and an AbortError when it was over before its turn.
   */
  run<Value>(share: GateShare, work: () => Promise<Value>): Promise<Value>;
}

/** Too much work of one holder waits already; nothing of this one was done. */
export class GateFullError extends Error {
  readonly code = 'OVERLOADED';
  constructor(waitingMax: number) {
    super(`${waitingMax} reads of this actor are waiting already: ask again later`);
  }
}

export function createFairGate(options: FairGateOptions): FairGate {
  const { runningMax, runningOfHolderMax, runningOfPartMax, waitingOfHolderMax } = options;
  const holders = new Map<string | symbol, Holder>();
  // Those of whom something waits; the one whose turn is next comes first.
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

  /** Those without room are passed over: few, as they have work that runs. */
  function letNextIn(): boolean {
    const holder = first(waiting, isNext);
    const part = holder && first(holder.waitingParts, hasPartRoom);
    if (holder === undefined || part === undefined) return false;
    const waiter = part.waiting.shift();
    holder.waitingCount -= 1;
    toTheEnd(holder.waitingParts, part, part.waiting.length > 0);
    toTheEnd(waiting, holder, holder.waitingCount > 0);
    if (waiter?.isOver() === true) {
      waiter.reject(new DOMException('nobody waits for this any more', 'AbortError'));
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
