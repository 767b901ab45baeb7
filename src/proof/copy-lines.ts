/** The lines that COPY prints, one after the other, in one buffer that is used again. */
export interface CopyLines {
  /**
   * Has the line from `start` to `end`. The 32 bytes before `start` are the reader's to overwrite;
   * the next step replaces the rest.
   */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Steps to the next line if it has arrived; else false. */
  advance(): boolean;
  /** Waits for more bytes; false at the end of the lines. */
  more(): Promise<boolean>;
}

/** The bytes before each line that its reader may overwrite. */
const margin = 32;
const newline = 10;

/** Reads lines from the chunks of a COPY. Its memory grows with the longest line alone. */
export function createCopyLines(chunks: AsyncIterator<Buffer>): CopyLines {
  let size = 0;
  let next = margin;
  const lines = {
    buffer: Buffer.alloc(1 << 18),
    start: margin,
    end: margin,
    advance() {
      if (next >= size) return false;
      const end = lines.buffer.indexOf(newline, next);
      if (end < 0 || end >= size) return false;
      lines.start = next;
      lines.end = end;
      next = end + 1;
      return true;
    },
    async more() {
      const { done, value } = await chunks.next();
      if (done === true) return false;
      const rest = Math.max(size - next, 0);
      const needed = margin + rest + value.length;
      const target = needed <= lines.buffer.length ? lines.buffer : Buffer.alloc(needed * 2);
      lines.buffer.copy(target, margin, next, next + rest);
      value.copy(target, margin + rest);
      lines.buffer = target;
      size = needed;
      next = margin;
      return true;
    },
  };
  return lines;
}

/** Steps to the next line, and waits for it if necessary; false at the end. */
export async function nextLine(lines: CopyLines): Promise<boolean> {
  while (!lines.advance()) if (!(await lines.more())) return false;
  return true;
}

/** The fields of the line; those with escapes as COPY prints them. */
export function fieldsOf({ buffer, start, end }: CopyLines): readonly string[] {
  return buffer.toString('utf8', start, end).split('\t');
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text of a field that COPY printed. */
export function unescaped(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\(.)/gs, (_pair, letter: string) => escapes[letter] ?? letter);
}
