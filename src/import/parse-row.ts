import type { Columns } from './columns.ts';
import type { CsvRecord } from './csv-records.ts';
import type { DateOrder } from './day-text.ts';
import type { BadRow, PriceRow } from './price-row.ts';
import { type DecimalMark, parsePriceText } from './price-text.ts';
import { faultOfSymbol } from './symbol-text.ts';
import { readTimeText } from './time-text.ts';

export interface RowRules {
  readonly columns: Columns;
  /** The symbol of all rows if the file has no column for it. */
  readonly symbol: string;
  /** The first time that counts as being in the future. */
  readonly future: string;
  readonly decimal: DecimalMark;
  /** Null if no date of the file depends on the order. */
  readonly dates: DateOrder | null;
}

/** Parses a row. The number of cells must be right, because an extra cell shifts the prices. */
export function parseRow(record: CsvRecord, rules: RowRules): PriceRow | BadRow {
  const { line, cells } = record;
  const { columns, future } = rules;
  if (cells.length !== columns.count) {
    const fault = `the row has ${cells.length} cells, but the header has ${columns.count}`;
    return { line, symbol: null, fault, text: cells.join(',') };
  }
  const cell = (index: number): string => cells[index]?.trim() ?? '';
  const symbol = columns.symbol === null ? rules.symbol : cell(columns.symbol);
  const symbolFault = faultOfSymbol(symbol);
  if (symbolFault !== null) return { line, symbol: null, fault: symbolFault, text: symbol };
  const clock = columns.clock === null ? '' : cell(columns.clock);
  const timeText = `${cell(columns.time)} ${clock}`.trim();
  const when = readTimeText(timeText, rules.dates);
  if ('fault' in when) return { line, symbol, fault: when.fault, text: timeText };
  if (when.time >= future) {
    return { line, symbol, fault: 'the date is in the future', text: timeText };
  }
  const text = cell(columns.price);
  const read = parsePriceText(text, rules.decimal);
  if ('fault' in read) return { line, symbol, fault: read.fault, text };
  return { line, symbol, price: read.price, occurredAt: when.time };
}
