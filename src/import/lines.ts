/** A physical line of a file, numbered from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** Whether the line was too long and its end was discarded. */
  readonly isCut: boolean;
}

/**
 * Yields the lines of a text that arrives in pieces. Lines end with LF, CRLF or CR, even mixed in
 * one file. Holds at most one piece and one line. Removes a byte order mark at the beginning.
 */
export async function* readLines(
  pieces: AsyncIterable<string>,
  lengthMax = 65_536,
): AsyncGenerator<Line> {
  let rest = '';
  let number = 0;
  let isFirst = true;
  const toLine = (text: string): Line => {
    number += 1;
    return { number, text: text.slice(0, lengthMax), isCut: text.length > lengthMax };
  };
  for await (const piece of pieces) {
    const text = rest + (isFirst ? piece.replace(/^\u{feff}/u, '') : piece);
    isFirst = false;
    let start = 0;
    // A CR at the end of a piece may be half of a CRLF, so it waits for the next piece.
    for (const { 0: ending, index } of text.matchAll(/\r\n|\n|\r(?!$)/g)) {
      yield toLine(text.slice(start, index));
      start = index + ending.length;
    }
    // One character over the limit is enough to know that the line is too long.
    rest = text.length - start > lengthMax + 1 ? cut(text, start, lengthMax) : text.slice(start);
  }
  if (rest !== '') yield toLine(rest.endsWith('\r') ? rest.slice(0, -1) : rest);
}

function cut(text: string, start: number, lengthMax: number): string {
  return text.slice(start, start + lengthMax + 1) + (text.endsWith('\r') ? '\r' : '');
}
