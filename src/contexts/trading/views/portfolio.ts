import { difference, isFinerThan, multiply, round, sum } from '../../../lib/decimal.ts';
import type { Account } from '../../accounts/account.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { Position } from './position.ts';

/** A position, valued at the last known price. */
export interface ValuedPosition {
  readonly position: Position;
  readonly marketPrice: string | null;
  /** Null if no price is known. */
  readonly marketValue: string | null;
  /** Null if no price is known. */
  readonly unrealizedPnl: string | null;
}

/** The value of an account, in its currency. */
export interface Portfolio {
  readonly account: Account;
  /** The positions with shares, by symbol. */
  readonly positions: readonly ValuedPosition[];
  /** The market value of the positions that have a price. */
  readonly marketValue: string;
  readonly equity: string;
  readonly unrealizedPnl: string;
  /** The realized profit of all positions, including those that are sold out. */
  readonly realizedPnl: string;
}

/** Values a position at a price. Values are rounded half-up to the minor unit of the currency. */
export function valuePosition(position: Position, marketPrice: string | null): ValuedPosition {
  if (marketPrice === null) {
    return { position, marketPrice, marketValue: null, unrealizedPnl: null };
  }
  const digits = digitsOf(position.currency);
  const { quantity, averageCost, cost } = position;
  const value = multiply(marketPrice, quantity);
  const marketValue = round(value, digits);
  // For older events the value was not rounded first; their answers must not change.
  const gain =
    cost === null
      ? difference(value, multiply(averageCost, quantity))
      : difference(marketValue, cost);
  return { position, marketPrice, marketValue, unrealizedPnl: round(gain, digits) };
}

/** Returns the cost of a position's shares, with at least the digits of the minor unit. */
export function shownCostOf({ cost, averageCost, quantity, currency }: Position): string {
  const digits = digitsOf(currency);
  const exact = cost ?? multiply(averageCost, quantity);
  return isFinerThan(exact, digits) ? exact : round(exact, digits);
}

/** Returns the portfolio. `positions` have shares; `all` also includes those that are sold out. */
export function toPortfolio(
  account: Account,
  positions: readonly ValuedPosition[],
  all: readonly Position[],
): Portfolio {
  const digits = digitsOf(account.currency);
  const total = (values: readonly (string | null)[]): string =>
    round(
      values.reduce<string>((so, value) => (value === null ? so : sum(so, value)), '0'),
      digits,
    );
  const marketValue = total(positions.map((valued) => valued.marketValue));
  return {
    account,
    positions: positions,
    marketValue,
    equity: round(sum(account.balance, marketValue), digits),
    unrealizedPnl: total(positions.map((valued) => valued.unrealizedPnl)),
    realizedPnl: total(all.map(({ realizedPnl }) => realizedPnl)),
  };
}

function digitsOf(currency: string): number {
  return minorUnitsOf(currency) ?? 0;
}
