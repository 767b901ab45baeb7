import { createRandom } from './random.ts';

/** The value of a stock as the makers see it, in ticks, not rounded. */
interface FairValue {
  /** The value at a time. Advances to that time; an earlier time changes nothing. */
  at(nowMs: number): number;
}

interface FairValueOptions {
  readonly seed: string;
  readonly symbol: string;
  /** The first value, in ticks. */
  readonly start: number;
  /** The value to which it reverts, in ticks. */
  readonly anchor: number;
  readonly startMs: number;
}

const stepMs = 250;
/** The size of a step as a fraction of the price: 0.15 % in a minute. */
const stepSize = 0.0001;
/** The fraction of the distance to the anchor covered in a step: half of it in an hour. */
const pull = 0.000_05;
/** The largest distance of the logarithm from that of the anchor. */
const reach = 0.2;
/** After a long pause, such as that of a suspended laptop, at most this many steps are made. */
const stepsMax = 4_000;

/** A random walk that reverts to an anchor: an Ornstein-Uhlenbeck process of the logarithm. */
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
