import type { Columns } from './columns.ts';
import type { CsvRecord } from './csv-records.ts';
import type { BadRow, PriceRow } from './price-row.ts';
import { faultOfPrice } from './price-text.ts';
import { isSymbol, symbolRule } from './symbol-text.ts';
import { parseTimeText } from './time-text.ts';

export interface RowRules {
  readonly columns: Columns;
  /** Whose prices they are when no column tells. */
  readonly symbol: string;
  /** The first moment that has not come yet. */
  readonly future: string;
}

/** A row from its cells. All of it must be right: a row with a cell too many has shifted prices. */
export function parseRow({ line, cells }: CsvRecord, rules: RowRules): PriceRow | BadRow {
  const { columns, future } = rules;
  if (cells.length !== columns.count) {
    const fault = `the row has ${cells.length} cells, the header ${columns.count}`;
    return { line, symbol: null, fault, text: cells.join(',') };
  }
  const cell = (index: number): string => cells[index]?.trim() ?? '';
  const symbol = columns.symbol === null ? rules.symbol : cell(columns.symbol);
  if (!isSymbol(symbol)) {
    return { line, symbol: null, fault: `the symbol is not ${symbolRule}`, text: symbol };
  }
  const timeText = cell(columns.time);
  const occurredAt = parseTimeText(timeText);
  if (occurredAt === null) {
    const fault = 'the date is none, like 2000-01-31 or Jan 31 2000';
    return { line, symbol, fault, text: timeText };
  }
  if (occurredAt >= future) {
    return { line, symbol, fault: 'the date is in the future', text: timeText };
  }
  const price = cell(columns.price);
  const fault = faultOfPrice(price);
  if (fault !== null) return { line, symbol, fault, text: price };
  return { line, symbol, price, occurredAt };
}
