/** An order or a cancel, in ticks and lots. */
export type FlowRequest = OrderRequest | CancelRequest;

export interface OrderRequest {
  readonly kind: 'ORDER';
  readonly id: string;
  readonly accountId: string;
  readonly side: 'BUY' | 'SELL';
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  /** Null: a market order. */
  readonly limit: number | null;
  readonly lots: number;
}

export interface CancelRequest {
  readonly kind: 'CANCEL';
  readonly id: string;
}

export interface FlowOptions {
  readonly seed: number;
  /** The approximate number of resting orders. */
  readonly resting: number;
  /** The number of prices on either side of the middle. */
  readonly levels: number;
  readonly lotsMax: number;
}

/** Random orders and cancels, the same for the same seed and the same resting orders. */
export interface OrderFlow {
  /** An order that rests, usually without trading. */
  nextPassive(): OrderRequest;
  /** Cancels a resting order; null if there is none. */
  nextCancel(): CancelRequest | null;
  /**
   * About half of them trade at once. The others rest while too few orders rest, otherwise they are
   * cancels. Call it after the previous one has been executed.
   */
  next(): FlowRequest;
}

/** The resting orders, as far as the flow needs to know them. */
export interface Resting {
  count(): number;
  has(id: string): boolean;
}

const middle = 10_000;

/** Every order has its own account, so that no account meets its own orders. */
export function createOrderFlow(options: FlowOptions, resting: Resting): OrderFlow {
  const { levels, lotsMax } = options;
  const random = createRandom(options.seed);
  /** All orders that may rest, and some that no longer do. */
  const rested: string[] = [];
  let orders = 0;

  function order(
    side: 'BUY' | 'SELL',
    terms: Pick<OrderRequest, 'timeInForce' | 'limit'>,
  ): OrderRequest {
    orders += 1;
    const [id, accountId] = [toId(orders, random), toId(orders, random)];
    const lots = 1 + Math.floor(random() * lotsMax);
    if (terms.timeInForce === 'GTC') rested.push(id);
    return { kind: 'ORDER', id, accountId, side, ...terms, lots };
  }

  function nextPassive(): OrderRequest {
    // Most prices are near the middle.
    const distance = Math.ceil(levels * random() ** 2);
    return random() < 0.5
      ? order('BUY', { timeInForce: 'GTC', limit: middle - distance })
      : order('SELL', { timeInForce: 'GTC', limit: middle + distance });
  }

  function nextAggressive(): OrderRequest {
    const kind = random();
    const distance = Math.ceil(levels * random());
    const [side, limit] =
      random() < 0.5
        ? (['BUY', middle + distance] as const)
        : (['SELL', middle - distance] as const);
    if (kind < 0.5) return order(side, { timeInForce: 'GTC', limit });
    if (kind < 0.7) return order(side, { timeInForce: 'IOC', limit: null });
    return order(side, { timeInForce: kind < 0.9 ? 'IOC' : 'FOK', limit });
  }

  function nextCancel(): CancelRequest | null {
    while (rested.length > 0) {
      const index = Math.floor(random() * rested.length);
      const id = rested[index] as string;
      const last = rested.pop() as string;
      if (index < rested.length) rested[index] = last;
      if (resting.has(id)) return { kind: 'CANCEL', id };
    }
    return null;
  }

  return {
    nextPassive,
    nextCancel,
    next() {
      if (random() < 0.48) return nextAggressive();
      const cancel = resting.count() < options.resting ? null : nextCancel();
      return cancel ?? nextPassive();
    },
  };
}

/** Mulberry32 (Ettinger, 2017). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An id in the form of a UUID of version 7, 50 in a millisecond. */
function toId(number: number, random: () => number): string {
  const time = (0x19d_0000_0000 + Math.floor(number / 50)).toString(16).padStart(12, '0');
  const [a, b, c] = [random, random, random].map((next) =>
    Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ) as [string, string, string];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${a.slice(0, 3)}-a${a.slice(3, 6)}-${a.slice(6)}${b}${c.slice(0, 2)}`;
}
