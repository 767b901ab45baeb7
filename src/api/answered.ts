/**
 * What this process has answered each actor, as far as the views do not show it yet: an actor's next
 * query waits for it, so that everyone reads their own writes.
 */
export interface Answered {
  /** Notes that an actor learns of a sequence: before the answer that shows it is sent. */
  note(actor: string, sequence: number): void;
  /** The sequence that an actor's queries have to show at least; 0 when any will do. */
  leastFor(actor: string): number;
  /** Forgets everything: the log is not the one in which the sequences were. */
  reset(): void;
  /** How many actors are remembered. */
  size(): number;
}

const actorsMaxDefault = 10_000;

/**
 * Remembers an actor until the views show its sequence. When there are too many to remember, all are
 * forgotten and everyone waits for the greatest of their sequences: that keeps the promise as well.
 */
export function createAnswered(
  { checkpoint }: { checkpoint(): number },
  actorsMax = actorsMaxDefault,
): Answered {
  // Sequences rise from entry to entry, but for what overtakes: the first entries are done first.
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
