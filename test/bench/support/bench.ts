import type { Comparison } from './comparison.ts';
import type { Stage } from './stage.ts';

/** One file of `test/bench/`: figures of Daybook beside others, taken in the same run. */
export interface Bench {
  /** By which `npm run bench -- <name>` picks it. */
  readonly name: string;
  /** How its figures are obtained, for the footer. */
  readonly method: string;
  run(stage: Stage): Promise<readonly Comparison[]>;
}

/** Does something once for each round, and gives what came of each. */
export async function repeat<T>(rounds: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 1; round <= rounds; round += 1) results.push(await work(round));
  return results;
}
