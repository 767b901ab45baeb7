import { createBroadcast } from '../lib/broadcast.ts';
import type { Submission } from './request.ts';

/** Commands that wait to be decided, in order. */
export interface CommandQueue {
  size(): number;
  push(submission: Submission): void;
  /** Puts back what has been taken, before all others. */
  putBack(submissions: readonly Submission[]): void;
  take(count: number): readonly Submission[];
  /** Resolves at the next `push` or `wake`. */
  next(): Promise<void>;
  /**
   * For whoever waits for commands or for something else. A race of promises would do, but one that
   * is held by what lives longer than it keeps V8 from collecting batches that are over.
   */
  wake(): void;
}

export function createCommandQueue(): CommandQueue {
  const waiting: Submission[] = [];
  const moved = createBroadcast();
  return {
    size: () => waiting.length,
    push(submission) {
      waiting.push(submission);
      moved.wake();
    },
    putBack: (submissions) => void waiting.unshift(...submissions),
    take: (count) => waiting.splice(0, count),
    next: () => moved.next(),
    wake: () => moved.wake(),
  };
}
