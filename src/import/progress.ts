import { SingleBar } from 'cli-progress';

/** Shows how much of a file has been read. */
export interface Progress {
  start(file: string, bytes: number): void;
  /** Takes the number of bytes of the file read so far. */
  update(bytes: number): void;
  stop(): void;
}

/** The stream on which progress is shown. */
export type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 10_000;

/** Shows a bar on a terminal, elsewhere a line when a file begins and then one every 10 s. */
export function createProgress(screen: Screen): Progress {
  return screen.isTTY === true ? createBar(screen) : createLog(screen);
}

function createBar(stream: Screen): Progress {
  const bar = new SingleBar({
    stream,
    format: '{file} [{bar}] {percentage}% | {duration_formatted}',
    barsize: 30,
    barCompleteChar: '=',
    barIncompleteChar: '-',
    hideCursor: true,
    // Ctrl-C is handled by the import, which stops the bar.
    gracefulExit: false,
  });
  return {
    start: (file, bytes) => bar.start(Math.max(bytes, 1), 0, { file }),
    update: (bytes) => bar.update(Math.min(bytes, bar.getTotal())),
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}

function createLog(screen: Screen): Progress {
  let current = { file: '', bytes: 0 };
  let nextAtMs = 0;
  return {
    start(file, bytes) {
      current = { file, bytes };
      nextAtMs = Date.now() + lineEveryMs;
      screen.write(`importing ${file}\n`);
    },
    update(bytes) {
      if (Date.now() < nextAtMs || current.bytes === 0) return;
      nextAtMs = Date.now() + lineEveryMs;
      const percent = Math.floor((100 * bytes) / current.bytes);
      screen.write(`importing ${current.file}: ${Math.min(percent, 100)}%\n`);
    },
    stop() {},
  };
}
