import type { ArchivedRange } from '../log/archive.ts';
import { findUnfitHead, readArchivedEnd } from './archived-end.ts';
import { type BatchChain, createBatchChain } from './batch-chain.ts';
import { batchColumns, outcomeColumns, termColumns } from './batch-row.ts';
import { beginningOf, type ChainPosition, type LogFault } from './chain.ts';
import { createCopyLines } from './copy-lines.ts';
import { createEventChain, type EventChain, eventColumns } from './event-chain.ts';
import { createHeadCheck, type HeadCheck } from './head-check.ts';
import { conditionsOf, readRangeEnd, readStoredHead, type StoredHead } from './log-range.ts';
import { withSharedSnapshot } from './shared-snapshot.ts';
import type { SignedHead } from './signed-head.ts';
import { findMisnumbered } from './stream-check.ts';

/** What a check of the log found. */
interface LogCheck {
  /** The UUID of the log. */
  readonly ledger: string;
  /** Up to where the log is as it was recorded. */
  readonly position: ChainPosition;
  /** The first fault; null if there is none. */
  readonly fault: LogFault | null;
  /** The last archived event; 0 if there is none. */
  readonly archived: number;
  /** The last archived event that was not read; 0 if all were. */
  readonly unread: number;
  /** The sequence of the head of the log when the check began. */
  readonly head: number;
}

interface LogCheckOptions {
  readonly url: string;
  /** Where to begin; null: at the first event. What is before it is trusted. */
  readonly from: ChainPosition | null;
  /** Signed heads of this log, in the order of their batches. */
  readonly heads: readonly SignedHead[];
  /** Whether to check only what takes a moment, from the position on. */
  readonly isPart: boolean;
  readonly signal: AbortSignal;
  /**
   * The lines of the archived events of some ranges after a sequence, as COPY prints
   * `eventColumns`. If absent, the check begins where the archived events end.
   */
  readonly archived?: ArchivedLines;
  /** Called with each position that has been checked. */
  readonly onPosition: (position: ChainPosition, head: number) => void;
}

/** Reads archived events from where they are. */
type ArchivedLines = (
  ranges: readonly ArchivedRange[],
  after: number,
) => AsyncGenerator<Buffer, void, undefined>;

/**
 * Reads the log, as it is at one moment, and checks it against its hashes and the signed heads. The
 * server may append meanwhile. Its memory does not grow with the log. If the signal fires, returns
 * what has been checked until then. Throws the errors of the database.
 */
export function verifyLog(options: LogCheckOptions): Promise<LogCheck> {
  const { url, isPart, signal } = options;
  return withSharedSnapshot(url, isPart ? 4 : 5, async (connections) => {
    const first = connectionOf(connections, 0);
    const head = await readStoredHead(first);
    const { ledger, sequence } = head;
    const end = await readArchivedEnd(first, ledger);
    const { from, lines, unread } = startOf(options, end, ledger);
    const found = { ledger, archived: end.position.sequence, unread, head: sequence };
    if (end.fault !== null) {
      return { ...found, position: from, fault: end.fault };
    }
    const before = options.heads.filter(({ sequence: signed }) => signed <= unread);
    const unfit = before.length === 0 ? null : await findUnfitHead(first, before);
    const check = await openChain(connections, { from, head, isPart, lines });
    const heads = createHeadCheck(options.heads, from);
    const misnumbered = isPart ? null : findMisnumbered(connectionOf(connections, 4));
    // An error of the chain is thrown first.
    misnumbered?.catch(() => {});
    let fault =
      unfit ?? heads.faultAt(from) ?? (await checkAll({ ...check, heads, head }, options));
    if (fault === null && check.isToEnd && !signal.aborted) {
      fault = await checkEnd({ ...check, heads, head });
    }
    const other = signal.aborted ? null : await misnumbered;
    const { position } = check.batches;
    return { ...found, position, fault: firstOf(fault, other) };
  });
}

/** Where a check begins, and the lines of the archived events that it reads. */
function startOf(
  { from, archived }: LogCheckOptions,
  { position: end, ranges }: Awaited<ReturnType<typeof readArchivedEnd>>,
  ledger: string,
) {
  const begun = from ?? beginningOf(ledger);
  if (archived === undefined) {
    const isBefore = begun.sequence < end.sequence;
    return { from: isBefore ? end : begun, lines: null, unread: end.sequence };
  }
  const lines = begun.sequence < end.sequence ? archived(ranges, begun.sequence) : null;
  return { from: begun, lines, unread: 0 };
}

type Connections = Parameters<Parameters<typeof withSharedSnapshot>[2]>[0];

function connectionOf(connections: Connections, index: number): Connections[number] {
  const connection = connections[index];
  if (connection === undefined) throw new Error(`connection ${index} is not open`);
  return connection;
}

interface ChainRange {
  readonly from: ChainPosition;
  readonly head: StoredHead;
  readonly isPart: boolean;
  /** The lines of archived events, which come first; null if there are none. */
  readonly lines: AsyncGenerator<Buffer, void, undefined> | null;
}

/** Begins to read the tables of the log, each over a separate connection. */
async function openChain(connections: Connections, { from, head, isPart, lines }: ChainRange) {
  const end = isPart ? await readRangeEnd(connectionOf(connections, 0), from) : null;
  const { ofEvents, ofTimes } = conditionsOf(from, end);
  const copy = (index: number, statement: string) =>
    connectionOf(connections, index).copyOut(`copy (${statement}) to stdout`);
  const open = (index: number, statement: string) => createCopyLines(copy(index, statement));
  const byTime = `${ofTimes} order by recorded_at`;
  const here = copy(0, `select ${eventColumns} from events ${ofEvents} order by sequence`);
  const events = createEventChain(createCopyLines(both(lines, here)), from);
  const parts = {
    batches: open(1, `select ${batchColumns} from command_batches ${byTime}`),
    outcomes: open(
      2,
      `select ${outcomeColumns} from command_outcomes ${byTime}, sequence, command_id`,
    ),
    terms: open(3, `select ${termColumns} from command_terms ${byTime}, term`),
    events,
    chainedAfter: head.chainedAfter,
  };
  return { events, batches: createBatchChain(parts, from), isToEnd: end === null };
}

async function* both(
  first: AsyncIterable<Buffer> | null,
  second: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  if (first !== null) yield* first;
  yield* second;
}

interface Checked {
  readonly batches: BatchChain;
  readonly events: EventChain;
  readonly heads: HeadCheck;
  readonly head: StoredHead;
}

async function checkAll(
  { batches, heads, head }: Checked,
  { signal, onPosition }: LogCheckOptions,
): Promise<LogFault | null> {
  while (!signal.aborted) {
    const fault = await batches.next();
    if (fault === 'END') return null;
    const found = fault ?? heads.faultAt(batches.position);
    if (found !== null) return found;
    onPosition(batches.position, head.sequence);
  }
  return null;
}

/** What can be wrong after the last batch. */
async function checkEnd({ batches, events, heads, head }: Checked): Promise<LogFault | null> {
  const { sequence, hash, commandsHash } = batches.position;
  const fault = await events.readTo(Number.POSITIVE_INFINITY);
  if (fault !== null) return fault;
  const next = sequence + 1;
  if (events.sequence > sequence) {
    return { sequence: next, reason: 'the batch of commands of this event is missing' };
  }
  const cut = heads.faultAtEnd(batches.position);
  if (cut !== null) return cut;
  const left = await batches.leftOver();
  if (left !== null) return { sequence: next, reason: left };
  if (head.sequence > sequence) {
    const reason = `events ${next} to ${head.sequence} are missing: the log was cut from its tail`;
    return { sequence: next, reason };
  }
  if (head.sequence < sequence) {
    return { sequence: head.sequence + 1, reason: 'log_head ends before this event' };
  }
  if (head.hash !== hash) {
    return { sequence, reason: 'log_head does not have the hash of the last event' };
  }
  if (head.commandsHash !== commandsHash) {
    return { sequence, reason: 'log_head does not have the hash of the last batch of commands' };
  }
  return null;
}

function firstOf(one: LogFault | null, other: LogFault | null): LogFault | null {
  if (one === null || other === null) return one ?? other;
  return other.sequence < one.sequence ? other : one;
}
