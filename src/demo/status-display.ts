/** Where the status is shown. */
export type Terminal = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

export interface StatusDisplay {
  /** How often it is worth looking. */
  readonly everyMs: number;
  show(line: string): void;
  /** A line that stays. */
  say(line: string): void;
  /** The next line of anyone else begins on a line of its own. */
  stop(): void;
}

const clearLine = '\r\u{1b}[2K';

/** One line that is written again and again on a terminal; elsewhere a line every ten seconds. */
export function createStatusDisplay(terminal: Terminal): StatusDisplay {
  if (terminal.isTTY !== true) {
    const write = (line: string) => terminal.write(`  ${line}\n`);
    return { everyMs: 10_000, show: write, say: write, stop() {} };
  }
  let shown = '';
  // A line that is broken in two could not be taken back.
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
