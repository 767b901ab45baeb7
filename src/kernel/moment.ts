import { parseDateTime } from '../lib/date-time.ts';

/** A moment of the log: it includes every event up to a sequence number, or up to a time. */
export type Moment =
  | { readonly kind: 'sequence'; readonly sequence: number }
  | { readonly kind: 'time'; readonly time: string };

/**
 * Parses a moment: decimal digits are a sequence number, other text must be an RFC 3339 time. Null
 * if the text is neither.
 */
export function parseMoment(input: string): Moment | null {
  const sequence = parseSequence(input);
  if (sequence !== null) return { kind: 'sequence', sequence };
  const time = parseDateTime(input);
  return time === null ? null : { kind: 'time', time };
}

/** Parses a sequence number; 0 is the beginning, before every event. Null if it is malformed. */
export function parseSequence(input: string): number | null {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(input)) return null;
  const sequence = Number(input);
  return Number.isSafeInteger(sequence) ? sequence : null;
}
