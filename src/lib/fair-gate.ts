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
  /** How many calls run at once: in total, for one holder, and for one part of a holder. */
  readonly runningMax: number;
  readonly runningOfHolderMax: number;
  readonly runningOfPartMax: number;
  /** How many calls of one holder may wait; further calls are rejected. */
  readonly waitingOfHolderMax: number;
}

/** Runs a bounded amount of work at once, and lets waiting work take turns. */
export interface FairGate {
  /**
   * Runs some work as soon as there is capacity. Holders take turns, and so do the parts of a
   * holder; each turn runs one piece of work. Throws `GateFullError` if too much work of the holder
   * is waiting, and an AbortError if `isOver` returns true when its turn comes.
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
  const gate: GateState = { options, holders: new Map(), waiting: new Set(), running: 0 };
  return {
    async run(share, work) {
      const holder = gate.holders.get(share.holder) ?? createHolder(share.holder);
      const part = holder.parts.get(share.part) ?? createPart(share.part);
      gate.holders.set(share.holder, holder);
      holder.parts.set(share.part, part);
      if (hasCapacity(gate, holder, part)) enter(gate, holder, part);
      else await waitForTurn(gate, holder, part, share);
      try {
        return await work();
      } finally {
        leave(gate, holder, part);
      }
    },
  };
}

interface GateState {
  readonly options: FairGateOptions;
  readonly holders: Map<string | symbol, Holder>;
  /** The holders with waiting work, in the order of their turns. */
  readonly waiting: Set<Holder>;
  running: number;
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

function hasCapacity({ options, running }: GateState, holder: Holder, part: Part): boolean {
  return (
    running < options.runningMax &&
    holder.running < options.runningOfHolderMax &&
    part.running < options.runningOfPartMax
  );
}

function enter(gate: GateState, holder: Holder, part: Part): void {
  gate.running += 1;
  holder.running += 1;
  part.running += 1;
}

function leave(gate: GateState, holder: Holder, part: Part): void {
  gate.running -= 1;
  holder.running -= 1;
  part.running -= 1;
  forgetUnused(gate, holder, part);
  while (letNextIn(gate));
}

function forgetUnused(gate: GateState, holder: Holder, part: Part): void {
  if (part.running > 0 || part.waiting.length > 0) return;
  holder.parts.delete(part.of);
  if (holder.parts.size === 0) gate.holders.delete(holder.name);
}

async function waitForTurn(
  gate: GateState,
  holder: Holder,
  part: Part,
  { isOver }: GateShare,
): Promise<void> {
  const { waitingOfHolderMax } = gate.options;
  if (holder.waitingCount >= waitingOfHolderMax) {
    forgetUnused(gate, holder, part);
    throw new GateFullError(waitingOfHolderMax);
  }
  holder.waitingCount += 1;
  holder.waitingParts.add(part);
  gate.waiting.add(holder);
  await new Promise<void>((resolve, reject) => {
    part.waiting.push({ resolve, reject, isOver });
  });
}

/**
 * Ends the wait of the work whose turn is next, and returns whether there was any. Skips holders
 * without capacity: there are few, since each of them has running work.
 */
function letNextIn(gate: GateState): boolean {
  if (gate.running >= gate.options.runningMax) return false;
  for (const holder of gate.waiting) {
    for (const part of holder.waitingParts) {
      if (!hasCapacity(gate, holder, part)) continue;
      letIn(gate, holder, part);
      return true;
    }
  }
  return false;
}

/** Lets the next work of a part run, or rejects it if its result is no longer needed. */
function letIn(gate: GateState, holder: Holder, part: Part): void {
  const waiter = part.waiting.shift();
  holder.waitingCount -= 1;
  toTheEnd(holder.waitingParts, part, part.waiting.length > 0);
  toTheEnd(gate.waiting, holder, holder.waitingCount > 0);
  if (waiter?.isOver() === true) {
    waiter.reject(new DOMException('the result is no longer needed', 'AbortError'));
    forgetUnused(gate, holder, part);
  } else {
    enter(gate, holder, part);
    waiter?.resolve();
  }
}

function createHolder(name: string | symbol): Holder {
  return { name, parts: new Map(), waitingParts: new Set(), waitingCount: 0, running: 0 };
}

function createPart(of: object): Part {
  return { of, waiting: [], running: 0 };
}

function toTheEnd<Item>(items: Set<Item>, item: Item, stays: boolean): void {
  items.delete(item);
  if (stays) items.add(item);
}
