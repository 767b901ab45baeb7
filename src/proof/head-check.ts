import { type ChainPosition, isLater, type LogFault } from './chain.ts';
import type { SignedHead } from './signed-head.ts';

/** Compares signed heads with the chain while it is checked. */
export interface HeadCheck {
  /** The fault of the heads up to a position; null if the chain has them. */
  faultAt(position: ChainPosition): LogFault | null;
  /** The fault of the heads after the last position. */
  faultAtEnd(position: ChainPosition): LogFault | null;
}

/** Takes heads in the order of their batches; those before `from` have been compared. */
export function createHeadCheck(heads: readonly SignedHead[], from: ChainPosition): HeadCheck {
  let index = 0;
  const isAt = (head: SignedHead | undefined) => head?.batchAt === from.batchAt;
  while (isUpTo(heads[index], from) && !isAt(heads[index])) index += 1;
  let good = isAt(heads[index]) ? (heads[index - 1]?.sequence ?? 0) : from.sequence;

  return {
    faultAt(position) {
      for (; isUpTo(heads[index], position); index += 1) {
        const head = heads[index] as SignedHead;
        if (!isOf(head, position)) return differs(head, good);
        good = head.sequence;
      }
      return null;
    },
    faultAtEnd({ sequence, recordedAt }) {
      const head = heads[index];
      if (head === undefined) return null;
      if (head.sequence < sequence) return differs(head, good);
      if (head.sequence > sequence) {
        const last = heads.at(-1)?.sequence ?? head.sequence;
        const reason =
          `events ${sequence + 1} to ${last} are missing: they are in a head that was signed at ` +
          `${head.signedAt}, so the log was cut from its tail after ${recordedAt}`;
        return { sequence: sequence + 1, reason };
      }
      const reason = `batches of commands are missing: a head was signed at ${head.signedAt}`;
      return { sequence: sequence + 1, reason };
    },
  };
}

function isUpTo(head: SignedHead | undefined, { batchAt }: ChainPosition): boolean {
  return head !== undefined && !isLater(head.batchAt, batchAt);
}

function isOf(head: SignedHead, position: ChainPosition): boolean {
  return (
    head.batchAt === position.batchAt &&
    head.sequence === position.sequence &&
    head.hash === position.hash &&
    head.commandsHash === position.commandsHash
  );
}

function differs(head: SignedHead, good: number): LogFault {
  const first = Math.min(good + 1, head.sequence);
  const reason =
    `the log differs from the head that was signed at ${head.signedAt} for sequence ` +
    `${head.sequence}: the chain was built again over other events or commands, and the last ` +
    `head that it agrees with is that of sequence ${good}`;
  return { sequence: first, reason };
}
