import type { EnumDefinition } from '../../../kernel/field.ts';
import { difference, round, subtract, sum } from '../../../lib/decimal.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { type Account, availableOf } from '../../accounts/account.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import { type Figure, typesOfFigures } from '../views/account-figures.ts';
import { costDigits, type Position } from '../views/position.ts';

/** The figures of an account that can be explained. */
export const figureEnum = {
  name: 'Figure',
  description: 'A figure of an account.',
  values: {
    BALANCE: 'The cash in the account, including reserved cash.',
    HELD: 'The reserved cash. With a symbol, the reserved shares of the instrument.',
    AVAILABLE: oneLine`The cash that is not reserved. With a symbol, the shares of the instrument
      that are not reserved.`,
    QUANTITY: 'The shares of an instrument, including reserved shares. It needs a symbol.',
    AVERAGE_COST: 'The average cost of one share of an instrument. It needs a symbol.',
    REALIZED_PNL: oneLine`The realized profit or loss of the account. With a symbol, that of its
      position in the instrument.`,
  },
} as const satisfies EnumDefinition;

export type FigureName = keyof typeof figureEnum.values;

/** What a figure is read from: an account, or its positions by symbol. */
export interface Holder {
  /** Null if the figure is one of positions. */
  readonly account: Account | null;
  readonly positions: ReadonlyMap<string, Position>;
}

/** How one figure of an account follows from the events of the account's stream. Pure. */
export interface FigureRule {
  /** Whether the figure depends on positions: on one of them, or if `symbol` is null, on all. */
  readonly isOfPositions: boolean;
  readonly symbol: string | null;
  /** The types of the events on which the figure depends; not each such event changes it. */
  readonly types: readonly string[];
  valueOf(holder: Holder): string;
  /** `after` less `before`, with as many digits as the figure has. */
  changeOf(before: string, after: string): string;
}

/**
 * The rule of a figure in an account of a currency; null if there is a symbol and the figure has
 * none, or if there is none and the figure needs one.
 */
export function figureRuleOf(
  name: FigureName,
  symbol: string | null,
  currency: string,
): FigureRule | null {
  const rules = symbol === null ? ofAccount(currency) : ofPosition(symbol, currency);
  return rules[name] ?? null;
}

type Rules = Readonly<Partial<Record<FigureName, FigureRule>>>;

/** The events that make the cost of a position. */
const ofCost: readonly Figure[] = ['QUANTITY'];

function ofAccount(currency: string): Rules {
  const digits = minorUnitsOf(currency) ?? 0;
  const changeOf = (before: string, after: string) => subtract(after, before, digits);
  const ofCash = (figures: readonly Figure[], read: (account: Account) => string): FigureRule => ({
    isOfPositions: false,
    symbol: null,
    types: typesOfFigures(figures),
    valueOf: ({ account }) => (account === null ? round('0', digits) : read(account)),
    changeOf,
  });
  const profitOf = ({ positions }: Holder): string =>
    [...positions.values()].reduce((so, { realizedPnl }) => sum(so, realizedPnl), '0');
  return {
    BALANCE: ofCash(['BALANCE'], ({ balance }) => balance),
    HELD: ofCash(['CASH_HELD'], ({ held }) => held),
    AVAILABLE: ofCash(['BALANCE', 'CASH_HELD'], availableOf),
    REALIZED_PNL: {
      isOfPositions: true,
      symbol: null,
      types: typesOfFigures(ofCost),
      valueOf: (holder) => round(profitOf(holder), digits),
      changeOf,
    },
  };
}

function ofPosition(symbol: string, currency: string): Rules {
  const digits = minorUnitsOf(currency) ?? 0;
  const rule = (
    figures: readonly Figure[],
    read: (position: Position | undefined) => string,
    changeOf: FigureRule['changeOf'],
  ): FigureRule => ({
    isOfPositions: true,
    symbol,
    types: typesOfFigures(figures),
    valueOf: ({ positions }) => read(positions.get(symbol)),
    changeOf,
  });
  const inShares = (before: string, after: string) => difference(after, before);
  const inDigits = (count: number) => (before: string, after: string) =>
    subtract(after, before, count);
  return {
    QUANTITY: rule(['QUANTITY'], (position) => position?.quantity ?? '0', inShares),
    HELD: rule(['SHARES_HELD'], (position) => position?.held ?? '0', inShares),
    AVAILABLE: rule(
      ['QUANTITY', 'SHARES_HELD'],
      (position) => (position ? difference(position.quantity, position.held) : '0'),
      inShares,
    ),
    AVERAGE_COST: rule(
      ofCost,
      (position) => position?.averageCost ?? round('0', costDigits),
      inDigits(costDigits),
    ),
    REALIZED_PNL: rule(
      ofCost,
      (position) => position?.realizedPnl ?? round('0', digits),
      inDigits(digits),
    ),
  };
}
