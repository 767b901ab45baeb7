/** The stream on which the status is shown. */
export type Terminal = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

export interface StatusDisplay {
  /** The interval between two status lines. */
  readonly everyMs: number;
  show(line: string): void;
  /** Writes a line that is not overwritten. */
  say(line: string): void;
  /** Ends the status line, so that other output begins on a new line. */
  stop(): void;
}

const clearLine = '\r\u{1b}[2K';

/** Overwrites one line on a terminal; elsewhere writes a line every ten seconds. */
export function createStatusDisplay(terminal: Terminal): StatusDisplay {
  if (terminal.isTTY !== true) {
    const write = (line: string) => terminal.write(`  ${line}\n`);
    return { everyMs: 10_000, show: write, say: write, stop() {} };
  }
  let shown = '';
  // A line that wraps could not be overwritten.
  const cut = (line: string) => `  ${line}`.slice(0, Math.max((terminal.columns || 80) - 1, 20));
  return {
    everyMs: 1_000,
    show(line) {
      shown = line;
      terminal.write(`${clearLine}${cut(line)}`);
    },
    say: (line) => terminal.write(`${clearLine}  ${line}\n${shown === '' ? '' : cut(shown)}`),
    stop() {
      if (shown !== '') terminal.write('\n');
      shown = '';
    },
  };
}
