/**
 * Remembers the last sequence number that this process has returned to each actor, until the views
 * show it. The actor's next query waits for the views to reach it, so that actors read their own
 * writes.
 */
export interface Answered {
  /** Remembers a sequence number for an actor. Call it before the answer with it is sent. */
  note(actor: string, sequence: number): void;
  /** The lowest sequence number at which an actor's query may read; 0 if there is no bound. */
  leastFor(actor: string): number;
  /** Forgets everything, because the log has been replaced. */
  reset(): void;
  /** The number of actors remembered. */
  size(): number;
}

const actorsMaxDefault = 10_000;

/**
 * Remembers an actor until the views show its sequence number. If there are more than `actorsMax`
 * actors, all are forgotten and every query waits for the greatest of their sequence numbers, so
 * that actors still read their own writes.
 */
export function createAnswered(
  { checkpoint }: { checkpoint(): number },
  actorsMax = actorsMaxDefault,
): Answered {
  // Sequence numbers nearly always rise from entry to entry, so the views reach the first entries
  // first.
  const sequences = new Map<string, number>();
  let forgotten = 0;

  function forgetShown(): void {
    const shown = checkpoint();
    for (const [actor, sequence] of sequences) {
      if (sequence > shown) return;
      sequences.delete(actor);
    }
  }

  return {
    note(actor, sequence) {
      forgetShown();
      const known = sequences.get(actor) ?? 0;
      if (sequence <= Math.max(known, checkpoint())) return;
      sequences.delete(actor);
      if (sequences.size >= actorsMax) {
        for (const each of sequences.values()) forgotten = Math.max(forgotten, each);
        sequences.clear();
      }
      sequences.set(actor, sequence);
    },
    leastFor(actor) {
      forgetShown();
      const least = Math.max(forgotten, sequences.get(actor) ?? 0);
      return least > checkpoint() ? least : 0;
    },
    reset() {
      sequences.clear();
      forgotten = 0;
    },
    size: () => sequences.size,
  };
}
