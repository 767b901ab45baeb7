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
  const hash = firstHashOf(ledger);
  return { ...emptyTimes, sequence: 0, hash, commandsHash: hash, nextSequence: 1 };
}

const emptyTimes = { recordedAt: '', batchAt: '' };

/** The hash before the first event, and before the first batch, of the log with this UUID. */
export function firstHashOf(ledger: string): string {
  return linkHash('', ledger);
}

/** The hash of a line and of the hash before it, which is empty before the first outcome. */
export function linkHash(before: string, line: string | Buffer): string {
  return createHash('sha256').update(before, 'hex').update(line).digest('hex');
}

/** What the hash of a batch covers, in addition to its line. */
interface BatchHashes {
  readonly before: string;
  /** Of the last event up to the end of the batch. */
  readonly event: string;
  /** Of the last outcome of the batch; empty if it has none. */
  readonly outcomes: string;
}

/** The hash of a batch of commands with this line of columns. */
export function hashBatch(line: string, { before, event, outcomes }: BatchHashes): string {
  return linkHash(before, `${line}\t${event}\t${outcomes}`);
}

/** A fault as it is printed. */
export function toFaultLine({ sequence, reason }: LogFault): string {
  return `sequence ${sequence}: ${reason}`;
}

/** Compares times as COPY prints them in UTC: `2026-11-28 12:30:00.12345+00`. */
export function isLater(time: string, other: string): boolean {
  return time.slice(0, -3) > other.slice(0, -3);
}
