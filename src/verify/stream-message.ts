import type { ChainLink } from '../bridges/chain.ts';

/** A message of a stream, as the checker sees it. */
export interface StreamMessage {
  /** What orders the message: a stream, a partition, a file. */
  readonly lane: string;
  /** Where the message is, for people, such as `message 42`. */
  readonly location: string;
  /** Where the message belongs in the log, as it says; null if it is not a message of Daybook. */
  readonly link: ChainLink | null;
}

/** Pages of messages, in the order of each lane. */
export type StreamPages = AsyncIterable<readonly StreamMessage[]>;

/** The link of a message with the given attributes; null if they are not those of Daybook. */
export function toLink(attribute: (name: string) => unknown): ChainLink | null {
  const ledger = attribute('ledger');
  const sequence = toWhole(attribute('sequence'));
  const previous = toWhole(attribute('previous'));
  if (typeof ledger !== 'string' || ledger === '') return null;
  return sequence === null || previous === null ? null : { ledger, sequence, previous };
}

function toWhole(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}
