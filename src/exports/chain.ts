import { firstHashOf, hashBatch, linkHash } from '../proof/chain.ts';
import type { LogRow } from './columns.ts';
import { toCopyLine } from './copy-text.ts';
import { ExportError } from './errors.ts';

/** A place in the log after a batch: what has been recorded up to there, and what proves it. */
export interface LogPlace {
  /** The last event; 0 before the first one. */
  readonly sequence: number;
  /** The hash of that event. */
  readonly hash: string;
  /** The time of the last batch as PostgreSQL prints it; null before the first one. */
  readonly recordedAt: string | null;
  /** The hash of that batch. */
  readonly commandsHash: string;
}

/**
 * Follows the chains of a log from one place to the next: see docs/log-format.md.
 *
 * `proof/` follows them, too, but in bytes that COPY has printed, and it never makes rows of them:
 * that would take most of its speed. Here the rows exist anyway, to be written or stored, and they
 * come in the one order of an export. Both share how a line is hashed.
 */
export interface Chain {
  /** Takes the next row. Throws `ExportError` if it is not the one that its hash is of. */
  add(row: LogRow): void;
  /** The last event. */
  sequence(): number;
  /** The place after the last batch, or after the last event if that has no batch. */
  place(): LogPlace;
}

/** The place before the first event of a log. */
export function beginningOf(ledger: string): LogPlace {
  const hash = firstHashOf(ledger);
  return { sequence: 0, hash, recordedAt: null, commandsHash: hash };
}

/** Creates the check of the rows that follow a place. */
export function createChain(start: LogPlace): Chain {
  let { sequence, recordedAt, hash, commandsHash } = start;
  let outcomesHash = '';
  let outcomesAt: string | null = null;
  const addEvent = (row: LogRow & { readonly kind: 'event' }): void => {
    const found = row.values[0];
    if (found !== String(sequence + 1)) {
      throw damaged(`event ${sequence + 1} is missing: event ${found} follows ${sequence}`);
    }
    hash = linkHash(hash, toCopyLine(row.values));
    if (hash !== row.hash) throw damaged(`event ${found} was changed`);
    sequence += 1;
  };
  const addOutcome = (row: LogRow & { readonly kind: 'outcome' }): void => {
    outcomesHash = linkHash(outcomesHash, toCopyLine(row.values));
    outcomesAt = row.recordedAt;
  };
  const addBatch = (row: LogRow & { readonly kind: 'batch' }): void => {
    const [at = null, first = null, count = null] = row.values;
    const what = `the commands of ${at}`;
    if (Number(first) + Number(count) - 1 !== sequence) {
      throw damaged(`${what} do not end at event ${sequence}`);
    }
    if (outcomesAt !== null && outcomesAt !== at) {
      throw damaged(`the outcomes of the commands of ${outcomesAt} have no batch`);
    }
    const hashes = { before: commandsHash, event: hash, outcomes: outcomesHash };
    commandsHash = hashBatch(toCopyLine(row.values), hashes);
    if (commandsHash !== row.hash) throw damaged(`${what} were changed`);
    recordedAt = at;
    outcomesHash = '';
    outcomesAt = null;
  };
  return {
    add(row) {
      if (row.kind === 'event') addEvent(row);
      else if (row.kind === 'outcome') addOutcome(row);
      else addBatch(row);
    },
    sequence: () => sequence,
    place() {
      if (outcomesAt !== null) {
        throw damaged(`the outcomes of the commands of ${outcomesAt} have no batch`);
      }
      return { sequence, hash, recordedAt, commandsHash };
    },
  };
}

function damaged(what: string): ExportError {
  return new ExportError('DAMAGED', what);
}
