import { parseDateTime } from '../lib/date-time.ts';

/** A point of the log: all that was recorded up to and including it. */
export type Moment =
  | { readonly kind: 'sequence'; readonly sequence: number }
  | { readonly kind: 'time'; readonly time: string };

/** A moment from its text: decimal digits are a sequence, else RFC 3339; null when it is neither. */
export function parseMoment(input: string): Moment | null {
  const sequence = parseSequence(input);
  if (sequence !== null) return { kind: 'sequence', sequence };
  const time = parseDateTime(input);
  return time === null ? null : { kind: 'time', time };
}

/** A sequence from decimal digits; 0 is the beginning, before every event. Null: not one. */
export function parseSequence(input: string): number | null {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(input)) return null;
  const sequence = Number(input);
  return Number.isSafeInteger(sequence) ? sequence : null;
}
