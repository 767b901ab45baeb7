import path from 'node:path';
import type { PriceBatch } from './batches.ts';
import type { Difference } from './differences.ts';
import { type BadRow, isBadRow, type PriceRow } from './price-row.ts';

/** What became of the rows of one symbol in one file. */
export interface Count {
  readonly file: string;
  /** Null: rows that do not tell whose price they are. */
  readonly symbol: string | null;
  read: number;
  recorded: number;
  alreadyThere: number;
  bad: number;
  /** The times of the first and the last price; null: there is none. */
  from: string | null;
  to: string | null;
}

export interface Fault extends BadRow {
  readonly file: string;
}

export interface FileDifference extends Difference {
  readonly file: string;
}

/** Prices that were there already, while others are known now. */
export interface DifferenceTally {
  /** The first of them. */
  readonly shown: readonly FileDifference[];
  readonly count: number;
  /** Whether there may be more, which were not compared. */
  readonly isCut: boolean;
}

/** What was done so far, in a size that does not grow with the number of rows. */
export interface RowTally {
  readonly counts: readonly Count[];
  /** The first of those that were reported. */
  readonly faults: readonly Fault[];
  faultCount(): number;
  differences(): DifferenceTally;
  /** What was found out about the files. */
  readonly notes: readonly string[];
  /** Begins a file; what comes after is about it. */
  file(name: string): FileTally;
}

export interface FileTally {
  readonly name: string;
  row(row: PriceRow | BadRow): void;
  done(batch: PriceBatch, isNew: boolean): void;
  refused(batch: PriceBatch, fault: string): void;
  /** Takes a fault that is of no single row. */
  report(fault: BadRow): void;
  differs(differences: readonly Difference[]): void;
  /** Takes so many rows that were there already as recorded once more. */
  recordedAgain(symbol: string, rows: number): void;
  /** Some rows that were there already have not been compared. */
  notCompared(): void;
  note(text: string): void;
}

/** Faults that are kept; of the others only their number. */
export const faultsKeptMax = 20;

export function createTally(): RowTally {
  const counts: Count[] = [];
  const faults: Fault[] = [];
  let faultCount = 0;
  const notes: string[] = [];
  const shown: FileDifference[] = [];
  let differenceCount = 0;
  let isCut = false;

  function report(fault: Fault): void {
    faultCount += 1;
    if (faults.length < faultsKeptMax) faults.push(fault);
  }

  function file(given: string): FileTally {
    const name = path.basename(given);
    const bySymbol = new Map<string | null, Count>();
    const countOf = (symbol: string | null): Count => {
      const known = bySymbol.get(symbol);
      if (known !== undefined) return known;
      const zero = { read: 0, recorded: 0, alreadyThere: 0, bad: 0, from: null, to: null };
      const count: Count = { file: name, symbol, ...zero };
      bySymbol.set(symbol, count);
      counts.push(count);
      return count;
    };
    return {
      name,
      row(row) {
        const count = countOf(row.symbol);
        count.read += 1;
        if (isBadRow(row)) {
          count.bad += 1;
          report({ file: name, ...row });
          return;
        }
        const { occurredAt } = row;
        if (count.from === null || occurredAt < count.from) count.from = occurredAt;
        if (count.to === null || occurredAt > count.to) count.to = occurredAt;
      },
      done({ symbol, prices }, isNew) {
        countOf(symbol)[isNew ? 'recorded' : 'alreadyThere'] += prices.length;
      },
      refused({ symbol, prices, lines: [first, last] }, fault) {
        countOf(symbol).bad += prices.length;
        const rows = `${prices.length} rows of ${symbol}, the last on line ${last}`;
        report({ file: name, line: first, symbol, fault: `${fault} (${rows})`, text: null });
      },
      report: (fault) => report({ file: name, ...fault }),
      differs(differences) {
        differenceCount += differences.length;
        const room = faultsKeptMax - shown.length;
        shown.push(...differences.slice(0, room).map((one) => ({ file: name, ...one })));
      },
      recordedAgain(symbol, rows) {
        const count = countOf(symbol);
        count.alreadyThere -= rows;
        count.recorded += rows;
      },
      notCompared() {
        isCut = true;
      },
      note(text) {
        notes.push(`${name} ${text}`);
      },
    };
  }

  const differences = () => ({ shown, count: differenceCount, isCut });
  return { counts, faults, faultCount: () => faultCount, differences, notes, file };
}

/** Rows that were read and are not done with, because the import ended before. */
export function unsentOf({ read, recorded, alreadyThere, bad }: Count): number {
  return read - recorded - alreadyThere - bad;
}
