import type { ChainLink } from '../bridges/chain.ts';

/** A message of a stream, as the checker sees it. */
export interface StreamMessage {
  /** What orders the message: a stream, a partition, a file. */
  readonly lane: string;
  /** Where the message is, for people, such as `message 42`. */
  readonly location: string;
  /** Where the message belongs in the log, as it says; null if it is not a message of Daybook. */
  readonly link: ChainLink | null;
  /** The signed head of the log that the message carries; null if it carries none. */
  readonly signedHead: string | null;
}

/** Pages of messages, in the order of each lane. */
export type StreamPages = AsyncIterable<readonly StreamMessage[]>;

/** What the attributes of a message say. */
export function toContent(attribute: (name: string) => unknown) {
  return { link: toLink(attribute), signedHead: toSignedHead(attribute) };
}

/** The link of a message with the given attributes; null if they are not those of Daybook. */
function toLink(attribute: (name: string) => unknown): ChainLink | null {
  const ledger = attribute('ledger');
  const sequence = toWhole(attribute('sequence'));
  const previous = toWhole(attribute('previous'));
  if (typeof ledger !== 'string' || ledger === '') return null;
  return sequence === null || previous === null ? null : { ledger, sequence, previous };
}

/** The signed head among the attributes of a message; null if there is none. */
function toSignedHead(attribute: (name: string) => unknown): string | null {
  const head = attribute('signedhead');
  return typeof head === 'string' && head !== '' ? head : null;
}

function toWhole(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}
