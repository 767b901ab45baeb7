import { createBroadcast } from '../lib/broadcast.ts';
import type { Submission } from './request.ts';

/** Commands that wait to be decided, in order. */
export interface CommandQueue {
  size(): number;
  push(submission: Submission): void;
  /** Puts commands back at the front, in their order. */
  putBack(submissions: readonly Submission[]): void;
  /** Removes up to `count` commands from the front. */
  take(count: number): readonly Submission[];
  /** Resolves at the next `push`. */
  next(): Promise<void>;
}

export function createCommandQueue(): CommandQueue {
  const waiting: Submission[] = [];
  const pushed = createBroadcast();
  return {
    size: () => waiting.length,
    push(submission) {
      waiting.push(submission);
      pushed.wake();
    },
    putBack: (submissions) => void waiting.unshift(...submissions),
    take: (count) => waiting.splice(0, count),
    next: () => pushed.next(),
  };
}
