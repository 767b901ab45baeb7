import { hash } from 'node:crypto';

/**
 * A checksum of rows of documents: the sum of their digests, in eight lanes modulo 2^32. So it can
 * be continued row by row, the order and the pages do not matter, and the difference of two sums is
 * the sum of the rows in between. It shows faults; it does not resist someone who searches for rows
 * with the same sum.
 */
export type Checksum = Readonly<Uint32Array>;

/** A row of a document: its state from a sequence on. */
export interface SummedRow {
  readonly key: string;
  readonly sequence: number;
  /** The document as JSON, exactly as it is stored; null if it no longer exists. */
  readonly text: string | null;
}

/** The checksum of all rows up to a sequence. */
export interface Mark {
  readonly sequence: number;
  readonly checksum: Checksum;
}

/** Checksums are kept at multiples of this number: all builds of a view have the same marks. */
export const markEvery = 10_000;

const lanes = 8;
const bytesOfLane = 4;

export const emptyChecksum: Checksum = new Uint32Array(lanes);

/** Adds the digest of a row to a sum, in place. */
function addRow(sum: Uint32Array, { key, sequence, text }: SummedRow): void {
  // No key and no JSON text has the character U+0000, and no JSON text is empty.
  const digest = hash('sha256', `${key}\0${sequence}\0${text ?? ''}`, 'binary');
  for (let lane = 0, at = 0; lane < lanes; lane += 1, at += bytesOfLane) {
    const high = (digest.charCodeAt(at) << 24) | (digest.charCodeAt(at + 1) << 16);
    const low = (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3);
    sum[lane] = (sum[lane] ?? 0) + (high | low);
  }
}

/** A part of the rows of a view: those after a sequence, up to and including another. */
interface RowsBetween {
  readonly from: number;
  readonly to: number;
  /** In order of sequence. */
  readonly rows: readonly SummedRow[];
}

/** Continues a checksum; returns also the marks that it passes. */
export function continueChecksum(
  before: Checksum,
  { from, to, rows }: RowsBetween,
): { readonly checksum: Checksum; readonly marks: readonly Mark[] } {
  const sum = Uint32Array.from(before);
  const marks: Mark[] = [];
  let next = nextMark(from);
  const passMarks = (end: number): void => {
    for (; next <= end; next += markEvery) {
      marks.push({ sequence: next, checksum: Uint32Array.from(sum) });
    }
  };
  for (const row of rows) {
    passMarks(row.sequence - 1);
    addRow(sum, row);
  }
  passMarks(to);
  return { checksum: sum, marks };
}

/** Sums of rows that come in any order, by the marks between which they are. */
interface ChecksumParts {
  add(row: SummedRow): void;
  /** The checksum of the rows up to a sequence, which all are, and the marks up to there. */
  upTo(sequence: number): { readonly checksum: Checksum; readonly marks: readonly Mark[] };
}

export function createChecksumParts(): ChecksumParts {
  const parts = new Map<number, Uint32Array>();
  return {
    add(row) {
      const end = nextMark(row.sequence - 1);
      const part = parts.get(end) ?? new Uint32Array(lanes);
      addRow(part, row);
      parts.set(end, part);
    },
    upTo(sequence) {
      let checksum = emptyChecksum;
      const marks: Mark[] = [];
      for (let end = markEvery; end - markEvery < sequence; end += markEvery) {
        checksum = addChecksums(checksum, parts.get(end) ?? emptyChecksum);
        if (end <= sequence) marks.push({ sequence: end, checksum });
      }
      return { checksum, marks };
    },
  };
}

/** What was removed of the versions of a view: all that had been replaced at `historyFrom`. */
interface ThinnedHistory {
  readonly historyFrom: number;
  /** The sum of their digests; null if there are none. */
  readonly removedChecksum: string | null;
}

/**
 * The checksums of all versions of a view, from those that are stored and those that were thinned.
 * Leaves out the marks before `historyFrom`, as they cannot be found again.
 */
export function addRemoved(
  { checksum, marks }: { readonly checksum: Checksum; readonly marks: readonly Mark[] },
  { historyFrom, removedChecksum }: ThinnedHistory,
): { readonly checksum: Checksum; readonly marks: readonly Mark[] } {
  const removed = removedChecksum === null ? emptyChecksum : fromHex(removedChecksum);
  const kept = marks.filter(({ sequence }) => sequence >= historyFrom);
  return {
    checksum: addChecksums(checksum, removed),
    marks: kept.map((mark) => ({
      sequence: mark.sequence,
      checksum: addChecksums(mark.checksum, removed),
    })),
  };
}

/** The first sequence after `from` at which a checksum is kept. */
export function nextMark(from: number): number {
  return (Math.floor(from / markEvery) + 1) * markEvery;
}

export function addChecksums(one: Checksum, other: Checksum): Checksum {
  return one.map((lane, index) => lane + (other[index] ?? 0));
}

export function areEqual(one: Checksum, other: Checksum): boolean {
  return one.every((lane, index) => lane === other[index]);
}

/** As 64 hexadecimal digits. */
export function toHex(checksum: Checksum): string {
  return Array.from(checksum, (lane) => lane.toString(16).padStart(8, '0')).join('');
}

export function fromHex(text: string): Checksum {
  return Uint32Array.from({ length: lanes }, (_, lane) =>
    Number.parseInt(text.slice(lane * 8, lane * 8 + 8), 16),
  );
}
