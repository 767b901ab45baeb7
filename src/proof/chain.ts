import { createHash } from 'node:crypto';

/** What is wrong with a log, and the first sequence at which it is. */
export interface LogFault {
  readonly sequence: number;
  /** One line. */
  readonly reason: string;
}

/** Everything up to here has been checked: the end of a batch of commands. */
export interface ChainPosition {
  readonly sequence: number;
  /** The hash of the event, in hexadecimal; of the ledger if there is none. */
  readonly hash: string;
  /** Times as COPY prints them; empty if there is none. */
  readonly recordedAt: string;
  readonly batchAt: string;
  readonly commandsHash: string;
  /** The sequence with which the next batch begins. */
  readonly nextSequence: number;
}

/** The position before the first event of the log with this UUID. */
export function beginningOf(ledger: string): ChainPosition {
  const hash = createHash('sha256').update(ledger).digest('hex');
  return { ...emptyTimes, sequence: 0, hash, commandsHash: hash, nextSequence: 1 };
}

const emptyTimes = { recordedAt: '', batchAt: '' };

/** A fault as it is printed. */
export function toFaultLine({ sequence, reason }: LogFault): string {
  return `sequence ${sequence}: ${reason}`;
}

/** Compares times as COPY prints them in UTC: `2026-11-28 12:30:00.12345+00`. */
export function isLater(time: string, other: string): boolean {
  return time.slice(0, -3) > other.slice(0, -3);
}
