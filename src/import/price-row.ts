/** A price as the API takes it. */
export interface PricePoint {
  /** The digits of the file with a decimal point: none is added, dropped or rounded. */
  readonly price: string;
  readonly occurredAt: string;
}

/** A row of a file that can be recorded. */
export interface PriceRow extends PricePoint {
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
  readonly symbol: string;
}

/** A row, or some rows, that cannot be recorded. */
export interface BadRow {
  readonly line: number;
  /** Null: the row does not tell whose price it is. */
  readonly symbol: string | null;
  readonly fault: string;
  /** What is wrong as it stands in the file; null when the fault says it all. */
  readonly text: string | null;
}

export function isBadRow(row: PriceRow | BadRow): row is BadRow {
  return 'fault' in row;
}
