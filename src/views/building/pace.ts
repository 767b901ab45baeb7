/** Of the events that are folded together. */
export const pageSizeMax = 1_000;
/** While the log moves fast a page begins only so long after the one before. */
export const busyPageMs = 40;
/** A page of so many events tells that it does. */
export const busyEventsMin = 64;

/** How long pages of views gather before they are folded. */
export interface Pace {
  /** How long the next page is to wait. */
  pauseMs(): number;
  /** A page of so many events begins now. */
  took(eventCount: number): void;
}

/**
 * Lets pages gather when they would be many and small: a page of 20 events of orders costs twice as
 * much for each of them as one of 200. When the log moves slowly nothing waits.
 */
export function createPace(): Pace {
  let beganAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  return {
    pauseMs: () => (isBusy ? Math.max(0, beganAt + busyPageMs - performance.now()) : 0),
    took(eventCount) {
      beganAt = performance.now();
      // A full page tells that it is behind: then nothing waits either.
      isBusy = eventCount >= busyEventsMin && eventCount < pageSizeMax;
    },
  };
}
