import { parse } from 'csv-parse/sync';
import { type Delimiter, findDelimiter, readSeparatorLine } from './delimiter.ts';
import type { Line } from './lines.ts';

/** The cells of a record that begins on `line`. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A line that cannot be read as a record. */
export interface BrokenLine {
  readonly line: number;
  readonly fault: string;
  readonly text: string;
}

/** The most lines that a record with line breaks in quotes may have. */
const recordLinesMax = 20;

/**
 * Yields the records of a CSV file and skips lines whose cells are all empty. The first record is
 * the header. It determines the delimiter, unless a line "sep=;" precedes it; `isHeader` decides
 * between several candidates.
 *
 * csv-parse parses the quotes of one record at a time instead of the whole file. Given whole files
 * (7.0.3), it lost all rows after an unclosed quote, counted a CRLF in quotes as two lines, and
 * returned a file with both LF and CRLF as one row. Here a line with an unclosed quote is
 * broken, and the next line begins a new record.
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
  return { line, fault: 'a quotation mark is not closed', text };
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

/** Takes lines until their quotes close, or until `recordLinesMax` or the end of the file. */
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

/** The cells of a record; null if a quotation mark is not closed, or the text is not one record. */
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
