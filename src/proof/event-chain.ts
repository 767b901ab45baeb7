import { hash } from 'node:crypto';
import type { ChainPosition, LogFault } from './chain.ts';
import { type CopyLines, nextLine } from './copy-lines.ts';

/** The columns of a line of the chain, as docs/log-format.md has them, and the stored hash. */
export const eventColumns =
  'sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor, ' +
  "command_id, correlation_id, causation_id, data, encode(hash, 'hex')";

/** The events of a log, checked one after the other. */
export interface EventChain {
  /** The last event that was checked. */
  readonly sequence: number;
  readonly hash: string;
  readonly recordedAt: string;
  /** Checks the events up to a sequence, or all; returns the first fault. */
  readTo(sequence: number): Promise<LogFault | null>;
  /** The streams of the events that were checked since the last call. */
  takeStreams(): ReadonlySet<string>;
}

const tab = 9;
const hashLength = 64;
/** The columns up to `occurred_at`. */
const tabs = new Uint32Array(8);

/** Checks lines of `eventColumns` in the order of sequences, from a position on. */
export function createEventChain(lines: CopyLines, from: ChainPosition): EventChain {
  let streams = new Set<string>();

  const chain = {
    sequence: from.sequence,
    hash: from.hash,
    recordedAt: from.recordedAt,
    async readTo(last: number) {
      while (chain.sequence < last) {
        if (!lines.advance() && !(await nextLine(lines))) return missing(last);
        const fault = check();
        if (fault !== null) return fault;
      }
      return null;
    },
    takeStreams() {
      const taken = streams;
      streams = new Set();
      return taken;
    },
  };

  function missing(last: number): LogFault | null {
    if (last === Number.POSITIVE_INFINITY) return null;
    const first = chain.sequence + 1;
    const what = first === last ? `event ${first} is` : `events ${first} to ${last} are`;
    return { sequence: first, reason: `${what} missing: the log was cut from its tail` };
  }

  function check(): LogFault | null {
    const { buffer, start, end } = lines;
    for (let index = 0, at = start; index < tabs.length; index += 1, at += 1) {
      while (buffer[at] !== tab) at += 1;
      tabs[index] = at;
    }
    const text = (column: number, cut = 0): string =>
      buffer.toString('latin1', (tabs[column - 1] ?? 0) + 1, (tabs[column] ?? 0) - cut);
    const sequence = Number(buffer.toString('latin1', start, tabs[0]));
    const expected = chain.sequence + 1;
    if (sequence !== expected) return outOfOrder(sequence, expected);
    const recordedAt = text(6);
    const lineEnd = buffer.lastIndexOf(tab, end - 1);
    // The hash before stands right before the line, so that both are hashed without a copy.
    buffer.write(chain.hash, start - hashLength / 2, 'hex');
    const found = hash('sha256', buffer.subarray(start - hashLength / 2, lineEnd), 'hex');
    if (found !== buffer.toString('latin1', lineEnd + 1, end)) return fault(sequence, changed);
    if (recordedAt.slice(0, -3) <= chain.recordedAt.slice(0, -3)) return fault(sequence, early);
    if (text(7, 3) > recordedAt.slice(0, -3)) return fault(sequence, future);
    chain.sequence = sequence;
    chain.hash = found;
    chain.recordedAt = recordedAt;
    streams.add(text(1));
    return null;
  }
  return chain;
}

const changed =
  'the event is not the one that was recorded: its hash is not that of its text and of the hash ' +
  'before';
const early = 'the event was not recorded after the previous one';
const future = 'the event occurred after it was recorded';

function fault(sequence: number, reason: string): LogFault {
  return { sequence, reason };
}

function outOfOrder(found: number, expected: number): LogFault {
  if (found < expected) return fault(found, 'the log has two events with this sequence');
  if (found - 1 === expected) return fault(expected, `event ${expected} is missing`);
  return fault(expected, `events ${expected} to ${found - 1} are missing`);
}
