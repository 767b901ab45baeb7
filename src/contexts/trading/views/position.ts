/** The fractional digits of an average cost. */
export const costDigits = 8;

/** An account's holding of one instrument, with its cost and realized profit. */
export type Position = PositionCost & {
  readonly accountId: string;
  readonly symbol: string;
  readonly currency: string;
  readonly quantity: string;
  readonly held: string;
};

/** The cost of a position, and its realized profit. */
export type PositionCost = {
  /** The cost of one share, including buying fees, rounded half-up to 8 decimals. */
  readonly averageCost: string;
  /**
   * The exact cost of all shares in the position. Null if all events of the position are of schema
   * version 1; the cost then follows from `averageCost`.
   */
  readonly cost: string | null;
  /** The quantity and cost after the last acquisition; sales take their share of this cost. */
  readonly acquired: Acquired | null;
  /** The profit of all sales, net of all fees. */
  readonly realizedPnl: string;
};

/** A quantity of shares, and what they cost. */
export type Acquired = { readonly quantity: string; readonly cost: string };

/** The part of a position that, together with an event, determines its next cost. */
export type Costed = PositionCost & Pick<Position, 'quantity' | 'currency'>;
