import { parse } from 'csv-parse/sync';
import { type Delimiter, findDelimiter, readSeparatorLine } from './delimiter.ts';
import type { Line } from './lines.ts';

/** The cells of one record, which begins on `line`. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A line that belongs to no record. */
export interface BrokenLine {
  readonly line: number;
  readonly fault: string;
  readonly text: string;
}

/** Lines that one record may go over, by line breaks in quotes. */
const recordLinesMax = 20;

/**
 * The records of a CSV file; lines without any text in their cells are none. The first record is
 * the header: it tells what separates cells, unless a line "sep=;" before it does. `isHeader`
 * decides where there is more than one candidate.
 *
 * csv-parse does the quoting, a record at a time, and not the whole file: there an unclosed quote
 * took all rows after it along, a CRLF in quotes counted as two lines, and a file with both LF and
 * CRLF came out as one row (7.0.3). Here a line whose quotes do not close is broken, and the next
 * one begins a record again.
 */
export async function* readRecords(
  lines: AsyncIterable<Line>,
  isHeader: (cells: readonly string[]) => boolean = () => true,
): AsyncGenerator<CsvRecord | BrokenLine> {
  const queue = createLineQueue(lines);
  let delimiter: Delimiter | null = null;
  for (let first = await queue.next(); first !== null; first = await queue.next()) {
    const { number: line, text } = first;
    if (text.trim() === '') continue;
    const separator: Delimiter | null = line === 1 ? readSeparatorLine(text) : null;
    if (separator !== null) {
      delimiter = separator;
      continue;
    }
    delimiter ??= findDelimiter(text, (candidate) => {
      return isHeader(parseCells(text, candidate) ?? []);
    });
    const record = first.isCut
      ? { line, fault: 'the line is too long', text }
      : await takeRecord(queue, first, delimiter);
    if ('fault' in record || record.cells.some((cell) => cell !== '')) yield record;
  }
}

async function takeRecord(
  queue: LineQueue,
  first: Line,
  delimiter: Delimiter,
): Promise<CsvRecord | BrokenLine> {
  const { number: line, text } = first;
  if (!text.includes('"')) return { line, cells: splitCells(text, delimiter) };
  const parts = await takeQuoted(queue, first);
  const cells = parseCells(parts.map((part) => part.text).join('\n'), delimiter);
  if (cells !== null) return { line, cells };
  queue.putBack(parts.slice(1));
  return { line, fault: 'the quotes do not close', text };
}

interface LineQueue {
  next(): Promise<Line | null>;
  putBack(lines: readonly Line[]): void;
}

function createLineQueue(lines: AsyncIterable<Line>): LineQueue {
  const iterator = lines[Symbol.asyncIterator]();
  let waiting: Line[] = [];
  return {
    async next() {
      const line = waiting.shift();
      if (line !== undefined) return line;
      const result = await iterator.next();
      return result.done === true ? null : result.value;
    },
    putBack(again) {
      waiting = [...again, ...waiting];
    },
  };
}

/** The line and those after it until its quotes are even, or no more may follow. */
async function takeQuoted(queue: LineQueue, first: Line): Promise<readonly Line[]> {
  const parts = [first];
  let isOpen = hasOddQuotes(first.text);
  while (isOpen && parts.length < recordLinesMax) {
    const line = await queue.next();
    if (line === null) break;
    parts.push(line);
    if (hasOddQuotes(line.text)) isOpen = false;
  }
  return parts;
}

function hasOddQuotes(text: string): boolean {
  return text.split('"').length % 2 === 0;
}

function splitCells(text: string, delimiter: Delimiter): readonly string[] {
  return text.split(delimiter).map((cell) => cell.trim());
}

/** The cells of one record; null: its quotes do not close, or it is not one. */
function parseCells(text: string, delimiter: Delimiter): readonly string[] | null {
  if (!text.includes('"')) return splitCells(text, delimiter);
  const options = { delimiter, trim: true, record_delimiter: '\n', max_record_size: 0 };
  try {
    const [cells, ...others] = parse(text, options);
    return cells === undefined || others.length > 0 ? null : cells;
  } catch {
    return null;
  }
}
