import type { OrderOutcome } from './trading-api.ts';

/** The number of orders sent, and their results. */
export interface OrderTally {
  /** Includes replacements and cancels. */
  readonly orders: number;
  readonly trades: number;
  /** The number of rejected orders. Some are rejected in any market. */
  readonly refused: number;
}

export interface Tallying {
  count(outcome: OrderOutcome): void;
  read(): OrderTally;
  /** The number of rejected orders by the code of the rejection. */
  refusals(): ReadonlyMap<string, number>;
}

export function createTally(): Tallying {
  const refusals = new Map<string, number>();
  let orders = 0;
  let trades = 0;
  let refused = 0;
  return {
    count(outcome) {
      orders += 1;
      trades += outcome.trades;
      if (outcome.refusal === null) return;
      refused += 1;
      refusals.set(outcome.refusal, (refusals.get(outcome.refusal) ?? 0) + 1);
    },
    read: () => ({ orders, trades, refused }),
    refusals: () => refusals,
  };
}
