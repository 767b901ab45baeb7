/** A figure of one contender: all rounds and the one that counts. */
export interface Figure {
  readonly unit: '/s' | 'ms' | 'MB' | 'B' | '';
  readonly best: number;
  readonly rounds: readonly number[];
}

export interface Comparison {
  readonly what: string;
  readonly ours: Figure;
  readonly peer: string;
  /** Null: the figure itself is compared with the target. */
  readonly theirs: Figure | null;
  readonly target: Target;
}

/** The limit of the ratio of ours to theirs; null: the figure is only shown. */
export type Target = { readonly atLeast: number } | { readonly atMost: number } | null;

export function toRate(perSecond: readonly number[]): Figure {
  return { unit: '/s', best: Math.max(...perSecond), rounds: perSecond };
}

export function toDuration(ms: readonly number[]): Figure {
  return { unit: 'ms', best: Math.min(...ms), rounds: ms };
}

/** A size of which less is better. */
export function toSize(megabytes: readonly number[]): Figure {
  return { unit: 'MB', best: Math.min(...megabytes), rounds: megabytes };
}

/** The bytes of something, of which less is better. */
export function toBytes(bytes: readonly number[]): Figure {
  return { unit: 'B', best: Math.min(...bytes), rounds: bytes };
}

/** A count that should be zero; all rounds are added. */
export function toCount(counts: readonly number[]): Figure {
  return { unit: '', best: counts.reduce((sum, count) => sum + count, 0), rounds: counts };
}

/** The number that is compared with the target. */
export function ratioOf({ ours, theirs }: Comparison): number {
  return theirs === null ? ours.best : ours.best / theirs.best;
}

export function isMet(comparison: Comparison): boolean | null {
  const { target } = comparison;
  if (target === null) return null;
  const ratio = ratioOf(comparison);
  return 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
}
