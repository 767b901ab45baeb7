import { type ChainState, checkChain } from '../bridges/chain.ts';
import type { StreamMessage } from './stream-message.ts';

/** What was found on a lane. */
export interface LaneReport {
  readonly lane: string;
  messages: number;
  next: number;
  repeated: number;
  gaps: number;
  foreign: number;
  /** The sequence numbers of the first and the last message of the log; null if there is none. */
  first: number | null;
  last: number | null;
  /** The sequence number before the first message, if there was a message before it; else null. */
  begunAfter: number | null;
}

/** Compares messages with the previous one on their lanes. Its memory grows with lanes alone. */
interface StreamCheck {
  add(message: StreamMessage): void;
  /** The lanes in the order of their names. */
  lanes(): readonly LaneReport[];
  /** The first gap and the first foreign message, each in one line. */
  faults(): readonly string[];
}

/**
 * Creates a check of messages after a sequence number. `ledger` is the log that they must be of; if
 * null, that of the first message.
 */
export function createStreamCheck({
  after,
  ledger: expected,
}: {
  readonly after: number;
  readonly ledger: string | null;
}): StreamCheck {
  const reports = new Map<string, LaneReport>();
  const firstFaults = new Map<'gap' | 'foreign', string>();
  let ledger = expected;

  function noteFault(kind: 'gap' | 'foreign', text: string): void {
    if (!firstFaults.has(kind)) firstFaults.set(kind, `first ${kind}: ${text}`);
  }
  return {
    add({ lane, location, link }) {
      if (link !== null && link.sequence <= after) return;
      const report = reports.get(lane) ?? emptyReport(lane);
      reports.set(lane, report);
      report.messages += 1;
      if (link === null) {
        report.foreign += 1;
        noteFault('foreign', `${lane}, ${location}, is not a message of Daybook`);
        return;
      }
      ledger ??= link.ledger;
      const { last } = report;
      const state: ChainState = { ledger, last: last ?? link.previous };
      const finding = checkChain(state, link);
      if (finding === 'foreign') {
        report.foreign += 1;
        noteFault(
          'foreign',
          `${lane}, ${location}, is of the ledger ${link.ledger}, not ${ledger}`,
        );
        return;
      }
      if (finding === 'repeated') {
        report.repeated += 1;
        return;
      }
      if (finding === 'gap') {
        report.gaps += 1;
        const missing = `follows event ${link.previous}, but the last one read was ${last}`;
        noteFault('gap', `${lane}, ${location}: event ${link.sequence} ${missing}`);
      } else {
        report.next += 1;
      }
      if (report.first === null) {
        report.first = link.sequence;
        report.begunAfter = link.previous > after ? link.previous : null;
      }
      report.last = link.sequence;
    },
    lanes: () => [...reports.values()].sort((a, b) => byName(a.lane, b.lane)),
    faults: () => [...firstFaults.values()],
  };
}

function emptyReport(lane: string): LaneReport {
  const counts = { messages: 0, next: 0, repeated: 0, gaps: 0, foreign: 0 };
  return { lane, ...counts, first: null, last: null, begunAfter: null };
}

const collator = new Intl.Collator('en', { numeric: true });

function byName(a: string, b: string): number {
  return collator.compare(a, b);
}
