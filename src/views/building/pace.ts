/** The maximum number of events that are folded together. */
export const pageSizeMax = 1_000;
/** While the log moves fast, pages start at least this far apart. */
export const busyPageMs = 40;
/** A page with at least this many events means that the log is moving fast. */
export const busyEventsMin = 64;

/** Decides how long to wait for more events before the next page is folded. */
interface Pace {
  /** How many milliseconds to wait before the next page. */
  pauseMs(): number;
  /** Records that a page with this number of events starts now. */
  took(eventCount: number): void;
}

/**
 * Delays pages when they would be many and small: a page of 20 events of orders costs twice as much
 * per event as one of 200. While the log moves slowly, no page waits.
 */
export function createPace(): Pace {
  let startedAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  return {
    pauseMs: () => (isBusy ? Math.max(0, startedAt + busyPageMs - performance.now()) : 0),
    took(eventCount) {
      startedAt = performance.now();
      // A full page means that the views are behind, so the next page does not wait either.
      isBusy = eventCount >= busyEventsMin && eventCount < pageSizeMax;
    },
  };
}
