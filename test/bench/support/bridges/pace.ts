import type { Stage } from '../stage.ts';

/** Events a second that a bridge must deliver. */
export const perSecondMin = 20_000;
/** Events a second at which the delay is measured. */
export const half = perSecondMin / 2;
/** Events of one `log.append` while the delay is measured. */
export const appendBatch = 100;

/** Commands a second, and transactions of the bare client, while single events are followed. */
export const commandsPerSecond = 50;

/** How many events are in the log when the bridges begin. */
export function eventsOf({ timing }: Stage): number {
  return timing.isThorough ? 100_000 : 20_000;
}
