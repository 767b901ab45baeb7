import { createRandom } from './random.ts';

/** What a stock is worth, as the makers see it, in ticks and not rounded. */
export interface FairValue {
  /** Moves on to a moment; earlier ones change nothing. */
  at(nowMs: number): number;
}

export interface FairValueOptions {
  readonly seed: string;
  readonly symbol: string;
  /** Where it begins, in ticks. */
  readonly start: number;
  /** Where it is drawn to, in ticks. */
  readonly anchor: number;
  readonly startMs: number;
}

const stepMs = 250;
/** How much a step moves it, as a share of the price: 0.15 % in a minute. */
const stepSize = 0.0001;
/** How much of the way to the anchor is made in a step: half of it in an hour. */
const pull = 0.000_05;
/** Never further from the anchor than this, whatever else happens. */
const reach = 0.2;
/** After a long pause (a suspended laptop) it goes on from where it was, not through all of it. */
const stepsMax = 4_000;

/** A random walk that is drawn back to an anchor (an Ornstein-Uhlenbeck process of the logarithm). */
export function createFairValue(options: FairValueOptions): FairValue {
  const { seed, symbol, anchor, startMs } = options;
  const random = createRandom(seed, `fair value of ${symbol}`);
  let distance = clamp(Math.log(options.start / anchor));
  let stepsDone = 0;
  return {
    at(nowMs) {
      const steps = Math.floor((nowMs - startMs) / stepMs);
      for (let step = Math.max(stepsDone, steps - stepsMax); step < steps; step += 1) {
        distance = clamp(distance * (1 - pull) + stepSize * random.normal());
      }
      stepsDone = Math.max(stepsDone, steps);
      return anchor * Math.exp(distance);
    },
  };
}

function clamp(distance: number): number {
  return Math.min(Math.max(distance, -reach), reach);
}
