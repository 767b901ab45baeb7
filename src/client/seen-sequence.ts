/** The highest sequence number that a client has been shown. */
export interface SeenSequence {
  /** Null before the first answer. */
  highest(): string | null;
  /** Takes a sequence number from an answer; anything else is ignored. */
  raise(sequence: unknown): void;
  /** Forgets it, because the log was replaced. */
  reset(): void;
}

export function createSeenSequence(): SeenSequence {
  let highest: string | null = null;
  return {
    highest: () => highest,
    raise(sequence) {
      if (!isSequence(sequence)) return;
      if (highest === null || isAfter(sequence, highest)) highest = sequence;
    },
    reset() {
      highest = null;
    },
  };
}

/** The sequence number in the extensions of an answer or a frame; undefined if there is none. */
export function sequenceIn(extensions: unknown): unknown {
  const { daybook } = (extensions ?? {}) as { readonly daybook?: { readonly sequence?: unknown } };
  return daybook?.sequence;
}

/** The higher of two sequence numbers, either of which may be absent. */
export function higher(sequence: string | null, other: string | null): string | null {
  if (sequence === null || other === null) return sequence ?? other;
  return isAfter(sequence, other) ? sequence : other;
}

export function isSequence(value: unknown): value is string {
  return typeof value === 'string' && /^\d+$/.test(value);
}

/** Compares decimal strings without leading zeros, which may be longer than a safe number. */
export function isAfter(sequence: string, other: string): boolean {
  if (sequence.length !== other.length) return sequence.length > other.length;
  return sequence > other;
}
