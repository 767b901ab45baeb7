import { compare, difference, sum } from '../../../lib/decimal.ts';

/** The figures of an account: its cash and its shares of an instrument, in total and reserved. */
const figures = ['BALANCE', 'CASH_HELD', 'QUANTITY', 'SHARES_HELD'] as const;
export type Figure = (typeof figures)[number];

/** One figure of an account; `symbol` is null for cash. */
export interface AccountFigure {
  readonly figure: Figure;
  readonly symbol: string | null;
  readonly amount: string;
}

interface EventSum {
  readonly type: string;
  readonly label: string | null;
  readonly member: string;
  readonly total: string;
}

/** The data members of account events that are amounts. */
export const amountMembers = ['amount', 'fee', 'quantity', 'released'] as const;
type Member = (typeof amountMembers)[number];

/**
 * For each event type, the figures that the event changes. Each has the member that holds the
 * amount, and the sign.
 */
const entries: Readonly<Record<string, readonly (readonly [Figure, Member, 1 | -1])[]>> = {
  CashDeposited: [['BALANCE', 'amount', 1]],
  CashWithdrawn: [['BALANCE', 'amount', -1]],
  CashTransferredOut: [['BALANCE', 'amount', -1]],
  CashTransferredIn: [['BALANCE', 'amount', 1]],
  InterestCredited: [['BALANCE', 'amount', 1]],
  CashHeld: [['CASH_HELD', 'amount', 1]],
  CashReleased: [['CASH_HELD', 'amount', -1]],
  SharesDeposited: [['QUANTITY', 'quantity', 1]],
  SharesHeld: [['SHARES_HELD', 'quantity', 1]],
  SharesReleased: [['SHARES_HELD', 'quantity', -1]],
  PurchaseSettled: [
    ['BALANCE', 'amount', -1],
    ['BALANCE', 'fee', -1],
    ['CASH_HELD', 'released', -1],
    ['QUANTITY', 'quantity', 1],
  ],
  SaleSettled: [
    ['BALANCE', 'amount', 1],
    ['BALANCE', 'fee', -1],
    ['QUANTITY', 'quantity', -1],
    ['SHARES_HELD', 'released', -1],
  ],
};

/** The types of the events that can change at least one of some figures. */
export function typesOfFigures(wanted: readonly Figure[]): readonly string[] {
  return Object.keys(entries).filter((type) =>
    entries[type]?.some(([figure]) => wanted.includes(figure)),
  );
}

/**
 * Returns the figures of an account by symbol, computed from the sums of its events. It does not
 * use the folds of accounts and positions, because it is compared with them.
 */
export function figuresOf(sums: readonly EventSum[]): readonly AccountFigure[] {
  const found = new Map<string, AccountFigure>();
  for (const { type, label, member, total } of sums) {
    for (const [figure, from, sign] of entries[type] ?? []) {
      if (from !== member) continue;
      const symbol = figure === 'BALANCE' || figure === 'CASH_HELD' ? null : label;
      const key = toFigureKey({ figure, symbol });
      const before = found.get(key)?.amount ?? '0';
      const amount = sign === 1 ? sum(before, total) : difference(before, total);
      found.set(key, { figure, symbol, amount });
    }
  }
  return [...found.values()];
}

function toFigureKey({ figure, symbol }: Pick<AccountFigure, 'figure' | 'symbol'>): string {
  return `${figure} ${symbol ?? ''}`;
}

/** A figure in a view that differs from the sum of the entries in the log. */
export interface FigureDifference {
  readonly figure: Figure;
  readonly symbol: string | null;
  readonly ledger: string;
  /** Null if the view has no such account or position. */
  readonly shown: string | null;
}

/** Returns the figures that differ, cash first. A missing figure counts as zero. */
export function compareFigures(
  ledger: readonly AccountFigure[],
  shown: readonly AccountFigure[],
): readonly FigureDifference[] {
  const expected = new Map(ledger.map((each) => [toFigureKey(each), each]));
  const actual = new Map(shown.map((each) => [toFigureKey(each), each]));
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys].sort(compareKeys).flatMap((key) => {
    const [mine, theirs] = [expected.get(key), actual.get(key)];
    const any = mine ?? theirs;
    const amount = mine?.amount ?? '0';
    if (any === undefined || compare(amount, theirs?.amount ?? '0') === 0) return [];
    const { figure, symbol } = any;
    return [{ figure, symbol, ledger: amount, shown: theirs?.amount ?? null }];
  });
}

/** Sorts by instrument, then in the order of `figures`. */
function compareKeys(a: string, b: string): number {
  return toSortText(a) < toSortText(b) ? -1 : 1;
}

function toSortText(key: string): string {
  const [figure = '', symbol = ''] = key.split(' ');
  return `${symbol} ${figures.indexOf(figure as Figure)}`;
}
