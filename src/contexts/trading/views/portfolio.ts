import { difference, isFinerThan, multiply, round, sum } from '../../../lib/decimal.ts';
import type { Account } from '../../accounts/account.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { Position } from './position.ts';

/** A position at the last price that is known. */
export interface ValuedPosition {
  readonly position: Position;
  readonly marketPrice: string | null;
  /** Null without a price. */
  readonly marketValue: string | null;
  readonly unrealizedPnl: string | null;
}

/** What an account is worth, in its currency. */
export interface Portfolio {
  readonly account: Account;
  /** Those that are not sold out, by symbol. */
  readonly positions: readonly ValuedPosition[];
  /** Of the positions that have a price. */
  readonly marketValue: string;
  readonly equity: string;
  readonly unrealizedPnl: string;
  /** Of positions that are sold out too. */
  readonly realizedPnl: string;
}

/** Values rounded half-up to the minor unit of the currency. */
export function valuePosition(position: Position, marketPrice: string | null): ValuedPosition {
  if (marketPrice === null) {
    return { position, marketPrice, marketValue: null, unrealizedPnl: null };
  }
  const digits = digitsOf(position.currency);
  const { quantity, averageCost, cost } = position;
  const value = multiply(marketPrice, quantity);
  const marketValue = round(value, digits);
  // Of older events the value was not rounded first, and what was answered of them stays.
  const gain =
    cost === null
      ? difference(value, multiply(averageCost, quantity))
      : difference(marketValue, cost);
  return { position, marketPrice, marketValue, unrealizedPnl: round(gain, digits) };
}

/** What the shares of a position cost, with all digits of the minor unit. */
export function costOf({ cost, averageCost, quantity, currency }: Position): string {
  const digits = digitsOf(currency);
  const exact = cost ?? multiply(averageCost, quantity);
  return isFinerThan(exact, digits) ? exact : round(exact, digits);
}

/** `held`: the positions that are not sold out; `all`: those that are too. */
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
