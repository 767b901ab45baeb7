export interface RateOptions {
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Rate {
  readonly perSecond: number;
  /** The number that threw in the measured time; they do not count as done. */
  readonly failed: number;
  readonly failure: string | null;
}

/**
 * Keeps `concurrency` pieces of work running for the warm-up and the measured time. Counts those
 * that ended in the measured time. Failed ones are counted separately, with the first error.
 */
export function measureRate(options: RateOptions, work: () => Promise<unknown>): Promise<Rate>;
