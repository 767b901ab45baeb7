/** Fractional digits of an average cost. */
export const costDigits = 8;

/** What an account holds of one instrument, and what has come of it so far. */
export type Position = PositionCost & {
  readonly accountId: string;
  readonly symbol: string;
  readonly currency: string;
  readonly quantity: string;
  readonly held: string;
};

/** The cost of a position, and the profit of what was sold of it. */
export type PositionCost = {
  /** The cost of one share, to 8 decimals, half-up; buying fees are part of it. */
  readonly averageCost: string;
  /**
   * What all shares that are held cost, exactly. Null: all events of the position are of schema
   * version 1, and its cost follows from `averageCost`.
   */
  readonly cost: string | null;
  /** What was held, and what it cost, when shares were last acquired: sales take their share of it. */
  readonly acquired: Acquired | null;
  /** The profit of what was sold; all fees are part of it. */
  readonly realizedPnl: string;
};

export type Acquired = { readonly quantity: string; readonly cost: string };

/** What the cost of a position follows from, besides an event. */
export type Costed = PositionCost & Pick<Position, 'quantity' | 'currency'>;
