import { SingleBar } from 'cli-progress';

/** How far work over a known number of events has come. */
interface EventsDone {
  /** What is being done, such as "building". */
  readonly step: string;
  readonly sequence: number;
  readonly of: number;
}

/** Shows the progress of long work over events. */
interface EventProgress {
  update(done: EventsDone): void;
  stop(): void;
}

/** A stream on which progress is shown. */
type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 3_000;

/** Shows a bar with the time left on a terminal, elsewhere a line every three seconds. */
export function createEventProgress(screen: Screen): EventProgress {
  return screen.isTTY === true ? createBar(screen) : createLines(screen);
}

function createBar(stream: Screen): EventProgress {
  const bar = new SingleBar({
    stream,
    format: '{step} [{bar}] {percentage}% | {value} of {total} events | {eta_formatted} left',
    barsize: 30,
    barCompleteChar: '=',
    barIncompleteChar: '-',
    hideCursor: true,
    // Ctrl-C is handled by the command, which stops the bar.
    gracefulExit: false,
  });
  return {
    update({ step, sequence, of }) {
      const total = Math.max(of, 1);
      if (bar.isActive) bar.setTotal(total);
      else bar.start(total, sequence, { step });
      bar.update(Math.min(sequence, total), { step });
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}

function createLines(screen: Screen): EventProgress {
  let first: { readonly sequence: number; readonly atMs: number } | null = null;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let shownStep = '';
  return {
    update({ step, sequence, of }) {
      const atMs = performance.now();
      first ??= { sequence, atMs };
      if (step === shownStep && atMs - shownAtMs < lineEveryMs) return;
      shownAtMs = atMs;
      shownStep = step;
      const percent = of === 0 ? 100 : Math.floor((100 * sequence) / of);
      const rate = (sequence - first.sequence) / (atMs - first.atMs);
      const left = rate > 0 && sequence < of ? `, ${toSeconds((of - sequence) / rate)} s left` : '';
      screen.write(`${step}: ${sequence} of ${of} events (${percent}%)${left}\n`);
    },
    stop() {},
  };
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
