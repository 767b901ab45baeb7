import type { Comparison } from './comparison.ts';
import type { Stage } from './stage.ts';

/** One file of `test/bench/`: figures of Daybook and of its peers, taken in the same run. */
export interface Bench {
  /** The name for `npm run bench -- <name>`. */
  readonly name: string;
  /** How the figures are obtained, for the footer. */
  readonly method: string;
  run(stage: Stage): Promise<readonly Comparison[]>;
}

/** Runs the work once for each round and returns the results. */
export async function repeat<T>(rounds: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 1; round <= rounds; round += 1) results.push(await work(round));
  return results;
}
