import type { Columns } from './columns.ts';
import type { CsvRecord } from './csv-records.ts';
import { splitCurrency } from './currency-sign.ts';
import type { DateOrder } from './day-text.ts';
import { FileError } from './errors.ts';
import { type DecimalMark, decimalQuestion } from './price-text.ts';
import { createEvidence } from './readings.ts';
import { orderQuestion } from './time-text.ts';
import { toVisible } from './visible.ts';

/** How a file writes its values, which a single row does not show. */
interface Notation {
  readonly decimal: DecimalMark;
  /** Null if no date depends on the order. */
  readonly dates: DateOrder | null;
  /** The currency sign or code beside the prices; null if there is none. */
  readonly currency: string | null;
}

/** The notation that the user has chosen for all files; null if it is detected. */
export interface GivenNotation {
  readonly decimal: DecimalMark | null;
  readonly dates: DateOrder | null;
}

/** Finds the notation of a file from all of its rows. */
export interface NotationFinder {
  add(record: CsvRecord): void;
  /** Throws `FileError` if the rows contradict each other or have two readings. */
  find(): Notation;
}

export function createNotationFinder(columns: Columns, given: GivenNotation): NotationFinder {
  const decimals = createEvidence(decimalQuestion);
  const orders = createEvidence(orderQuestion);
  const currencies = createCurrencyCheck();
  return {
    add(record) {
      const { line, cells } = record;
      if (cells.length !== columns.count) return;
      const price = cells[columns.price]?.trim() ?? '';
      currencies.add(line, price);
      if (given.decimal === null) decimals.add(line, price);
      if (given.dates === null) orders.add(line, cells[columns.time]?.trim() ?? '');
    },
    find: () => ({
      decimal: given.decimal ?? decimals.decide() ?? 'point',
      dates: given.dates ?? orders.decide(),
      currency: currencies.find(),
    }),
  };
}

function createCurrencyCheck() {
  const seen = new Map<string, number>();
  return {
    add(line: number, text: string): void {
      const { currency } = splitCurrency(text);
      if (currency !== null && !seen.has(currency)) seen.set(currency, line);
    },
    find(): string | null {
      const [first, second] = seen;
      if (first === undefined) return null;
      if (second === undefined) return first[0];
      const lines = [first, second].map(([sign, line]) => `${toVisible(sign)} on line ${line}`);
      throw new FileError(`has prices in two currencies, ${lines.join(' and ')}: split the file`);
    },
  };
}
