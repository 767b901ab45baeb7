import type { Columns } from './columns.ts';
import type { CsvRecord } from './csv-records.ts';
import type { DateOrder } from './day-text.ts';
import type { BadRow, PriceRow } from './price-row.ts';
import { type DecimalMark, parsePriceText } from './price-text.ts';
import { faultOfSymbol } from './symbol-text.ts';
import { readTimeText } from './time-text.ts';

export interface RowRules {
  readonly columns: Columns;
  /** Whose prices they are when no column tells. */
  readonly symbol: string;
  /** The first moment that has not come yet. */
  readonly future: string;
  readonly decimal: DecimalMark;
  /** Null: no date of the file depends on it. */
  readonly dates: DateOrder | null;
}

/** A row from its cells. All of it must be right: a row with a cell too many has shifted prices. */
export function parseRow(record: CsvRecord, rules: RowRules): PriceRow | BadRow {
  const { line, cells } = record;
  const { columns, future } = rules;
  if (cells.length !== columns.count) {
    const fault = `the row has ${cells.length} cells, the header ${columns.count}`;
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
