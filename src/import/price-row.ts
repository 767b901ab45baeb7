/** A price as the API accepts it. */
export interface PricePoint {
  /** The digits of the file with a decimal point; no digit is added, dropped or rounded. */
  readonly price: string;
  readonly occurredAt: string;
}

/** A row of a file that can be recorded. */
export interface PriceRow extends PricePoint {
  /** The line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly symbol: string;
}

/** One or more rows that cannot be recorded. */
export interface BadRow {
  readonly line: number;
  /** Null if the row does not name a valid symbol. */
  readonly symbol: string | null;
  readonly fault: string;
  /** The wrong text in the file; null if the fault is enough. */
  readonly text: string | null;
}

export function isBadRow(row: PriceRow | BadRow): row is BadRow {
  return 'fault' in row;
}
