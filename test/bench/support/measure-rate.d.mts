export interface RateOptions {
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Rate {
  readonly perSecond: number;
  /** What threw in the measured time, which does not count as done. */
  readonly failed: number;
  readonly failure: string | null;
}

/**
 * Keeps so many pieces of work under way for the warm-up and the measured time, and counts those
 * that ended in the latter. What throws is counted apart, with the first error told.
 */
export function measureRate(options: RateOptions, work: () => Promise<unknown>): Promise<Rate>;
