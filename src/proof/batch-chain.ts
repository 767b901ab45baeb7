import {
  type BatchRow,
  createLineGroups,
  expectedTerms,
  type LineGroups,
  toBatchRow,
} from './batch-row.ts';
import { type ChainPosition, hashBatch, isLater, type LogFault, linkHash } from './chain.ts';
import { type CopyLines, nextLine } from './copy-lines.ts';
import type { EventChain } from './event-chain.ts';

/** The batches of commands, checked one after the other. */
export interface BatchChain {
  readonly position: ChainPosition;
  /** Checks the next batch with its events, outcomes and terms. `END`: there is none. */
  next(): Promise<LogFault | 'END' | null>;
  /** After the last batch: what is left that belongs to none; null if nothing is. */
  leftOver(): Promise<string | null>;
}

interface BatchParts {
  /** Lines of `batchColumns` and of the tables that belong to batches, in order of time. */
  readonly batches: CopyLines;
  readonly outcomes: CopyLines;
  readonly terms: CopyLines;
  readonly events: EventChain;
  /** Events up to here may have no batch. */
  readonly chainedAfter: number;
}

/** Checks the batches from a position on, each together with what belongs to it. */
export function createBatchChain(parts: BatchParts, from: ChainPosition): BatchChain {
  const { batches, events, chainedAfter } = parts;
  const outcomes = createLineGroups(parts.outcomes);
  const terms = createLineGroups(parts.terms);
  const chain = { position: from, next, leftOver };

  async function next(): Promise<LogFault | 'END' | null> {
    if (!(await nextLine(batches))) return 'END';
    const row = toBatchRow(batches);
    const { first, last } = row;
    const fault = (await readEvents(row)) ?? (await readParts(row));
    if (fault !== null) return fault;
    const { sequence, hash: eventHash, recordedAt } = events;
    if (sequence !== last) return { sequence: first, reason: outOfOrder };
    const commandsHash = row.hash;
    const nextSequence = last + 1;
    const batchAt = row.at;
    chain.position = { sequence, hash: eventHash, recordedAt, batchAt, commandsHash, nextSequence };
    return null;
  }

  async function readEvents({ at, first, last }: BatchRow): Promise<LogFault | null> {
    const { nextSequence, batchAt } = chain.position;
    if (first !== nextSequence && first > chainedAfter + 1) {
      const sequence = Math.min(first, nextSequence);
      return { sequence, reason: 'the batch of commands of this event is missing' };
    }
    const before = await events.readTo(first - 1);
    if (before !== null) return before;
    // Those of events without a batch.
    events.takeStreams();
    if (!isLater(at, batchAt)) return { sequence: first, reason: 'two batches have one time' };
    if (last < first) return isLater(at, events.recordedAt) ? null : misplaced(first);
    const fault = await events.readTo(first);
    if (fault !== null) return fault;
    if (events.recordedAt !== at) return misplaced(first);
    return events.readTo(last);
  }

  async function readParts(row: BatchRow): Promise<LogFault | null> {
    const { first: sequence } = row;
    const outcomesHash = await hashOfOutcomes(outcomes, row.at);
    if (outcomesHash === null) return { sequence, reason: outcomeWithoutBatch };
    const hashes = {
      before: chain.position.commandsHash,
      event: events.hash,
      outcomes: outcomesHash,
    };
    if (hashBatch(row.line, hashes) !== row.hash) return { sequence, reason: changed };
    const reason = await faultOfTerms(terms, row, events.takeStreams());
    return reason === null ? null : { sequence, reason };
  }

  /** Whether outcomes or terms are left. */
  async function leftOver(): Promise<string | null> {
    for await (const _line of outcomes.upTo(null)) return outcomeWithoutBatch;
    for await (const _line of terms.upTo(null)) return 'a term has no batch of commands';
    return null;
  }
  return chain;
}

/** The hash of the outcomes of a batch; empty if there are none, null if some have no batch. */
async function hashOfOutcomes(outcomes: LineGroups, at: string): Promise<string | null> {
  let hash = '';
  for await (const line of outcomes.upTo(at)) {
    if (line.at !== at) return null;
    hash = linkHash(hash, line.rest);
  }
  return hash;
}

async function faultOfTerms(
  terms: LineGroups,
  { at, records }: BatchRow,
  streams: ReadonlySet<string>,
): Promise<string | null> {
  const missing = expectedTerms(records, streams);
  if (missing === null) return 'the command records are malformed';
  for await (const line of terms.upTo(at)) {
    if (line.at !== at || !missing.delete(line.rest.toString())) {
      return 'command_terms has a term that no command record has';
    }
  }
  return missing.size === 0 ? null : 'command_terms lacks a term of a command record';
}

const outOfOrder = 'a batch of commands is out of order';
const outcomeWithoutBatch = 'an outcome has no batch of commands';
const changed =
  'the batch of commands is not the one that was recorded: its times, records, outcomes, or the ' +
  'hash of its last event, were changed';

function misplaced(sequence: number): LogFault {
  return { sequence, reason: 'the batch of commands does not have the time of its first event' };
}
