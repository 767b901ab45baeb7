import { SingleBar } from 'cli-progress';

/** Shows how far the events have been checked. */
interface CheckProgress {
  update(sequence: number, head: number): void;
  stop(): void;
}

/** Where progress is shown. */
export type CheckScreen = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 10_000;

/** Shows a bar with the time left on a terminal, elsewhere a line every 10 s. */
export function createCheckProgress(screen: CheckScreen): CheckProgress {
  return screen.isTTY === true ? createBar(screen) : createLines(screen);
}

function createBar(stream: NodeJS.WritableStream): CheckProgress {
  const bar = new SingleBar({
    stream,
    format: 'verifying [{bar}] {percentage}% | {value} of {total} events | {eta_formatted} left',
    barsize: 30,
    barCompleteChar: '=',
    barIncompleteChar: '-',
    hideCursor: true,
    // Ctrl-C is handled by the command, which stops the bar.
    gracefulExit: false,
    etaBuffer: 50,
  });
  return {
    update(sequence, head) {
      if (!bar.isActive) bar.start(head, sequence);
      bar.update(sequence);
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}

function createLines(screen: NodeJS.WritableStream): CheckProgress {
  let first: { readonly sequence: number; readonly atMs: number } | null = null;
  let nextAtMs = 0;
  return {
    update(sequence, head) {
      const nowMs = performance.now();
      if (first === null) {
        first = { sequence, atMs: nowMs };
        nextAtMs = nowMs + lineEveryMs;
      }
      if (nowMs < nextAtMs) return;
      nextAtMs = nowMs + lineEveryMs;
      const msEach = (nowMs - first.atMs) / Math.max(sequence - first.sequence, 1);
      const left = Math.ceil(((head - sequence) * msEach) / 1_000);
      screen.write(`verified ${sequence} of ${head} events, ${left} s left\n`);
    },
    stop() {},
  };
}
