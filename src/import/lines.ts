/** A physical line of a file, numbered from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** Whether the rest of it was thrown away, as it is too long. */
  readonly isCut: boolean;
}

/**
 * The lines of a text that comes in pieces, ended by LF, CRLF or CR, even mixed in one file; holds
 * no more than a piece and a line. A byte order mark at the beginning is not part of the first.
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
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    for (const { 0: ending, index } of text.matchAll(/\r\n|\n|\r(?!$)/g)) {
      yield toLine(text.slice(start, index));
      start = index + ending.length;
    }
    // One character over the limit still tells that it was too long.
    rest = text.length - start > lengthMax + 1 ? cut(text, start, lengthMax) : text.slice(start);
  }
  if (rest !== '') yield toLine(rest.endsWith('\r') ? rest.slice(0, -1) : rest);
}

function cut(text: string, start: number, lengthMax: number): string {
  return text.slice(start, start + lengthMax + 1) + (text.endsWith('\r') ? '\r' : '');
}
