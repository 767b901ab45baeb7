import path from 'node:path';
import type { PriceBatch } from './batches.ts';
import type { Difference } from './differences.ts';
import { type BadRow, isBadRow, type PriceRow } from './price-row.ts';

/** The results for the rows of one symbol in one file. */
export interface Count {
  readonly file: string;
  /** Null if these rows do not name a valid symbol. */
  readonly symbol: string | null;
  read: number;
  recorded: number;
  alreadyThere: number;
  bad: number;
  /** The times of the first and the last price; null if there is no price. */
  from: string | null;
  to: string | null;
}

interface Fault extends BadRow {
  readonly file: string;
}

interface FileDifference extends Difference {
  readonly file: string;
}

/** Prices that were recorded before but differ from the prices known now. */
interface DifferenceTally {
  /** The first differences, at most `faultsKeptMax`. */
  readonly shown: readonly FileDifference[];
  readonly count: number;
  /** Whether some prices were not compared, so that there may be more differences. */
  readonly isCut: boolean;
}

/** The results so far; its size does not grow with the number of rows. */
export interface RowTally {
  readonly counts: readonly Count[];
  /** The first faults that were reported, at most `faultsKeptMax`. */
  readonly faults: readonly Fault[];
  faultCount(): number;
  differences(): DifferenceTally;
  /** What was detected in the files. */
  readonly notes: readonly string[];
  /** Begins the tally of a file. */
  file(name: string): FileTally;
}

export interface FileTally {
  readonly name: string;
  row(row: PriceRow | BadRow): void;
  done(batch: PriceBatch, isNew: boolean): void;
  refused(batch: PriceBatch, fault: string): void;
  /** Adds a fault that does not concern a single row. */
  report(fault: BadRow): void;
  differs(differences: readonly Difference[]): void;
  /** Moves a number of rows from already there to recorded. */
  recordedAgain(symbol: string, rows: number): void;
  /** Notes that some rows that were there already have not been compared. */
  notCompared(): void;
  note(text: string): void;
}

/** The number of faults that are kept; the others are only counted. */
const faultsKeptMax = 20;

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
      const count = newCount(name, symbol);
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
        includeTime(count, row.occurredAt);
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

function newCount(file: string, symbol: string | null): Count {
  return { file, symbol, read: 0, recorded: 0, alreadyThere: 0, bad: 0, from: null, to: null };
}

function includeTime(count: Count, occurredAt: string): void {
  if (count.from === null || occurredAt < count.from) count.from = occurredAt;
  if (count.to === null || occurredAt > count.to) count.to = occurredAt;
}

/** The number of rows that were read but not processed, because the import ended early. */
export function unsentOf({ read, recorded, alreadyThere, bad }: Count): number {
  return read - recorded - alreadyThere - bad;
}
