import { BridgeParkedError } from './errors.ts';
import type { BridgeState } from './store.ts';
import type { LastMessage, TargetLanes } from './target.ts';

/** Where a bridge continues. */
export interface Start {
  /** Events after this sequence number may be missing in the target. */
  readonly after: number;
  /** The last message on each lane. */
  readonly lanes: Map<string, number>;
}

/** What the log says about the messages that a target holds. */
export interface LogFacts {
  readonly ledger: string;
  readonly head: number;
  /** The id of the event at a sequence number; null if the log has none. */
  eventIdAt(sequence: number): Promise<string | null>;
}

/**
 * Finds where a bridge continues, from its saved state and from what the target holds. If they
 * differ, the target is right: messages that a lane has lost are sent again, and messages that it
 * holds beyond the saved state are not sent twice.
 *
 * Throws `BridgeParkedError` if the target holds a message that the log does not: it is ahead of a
 * log that was restored, or it belongs to another log. Also if a group of lanes has grown: keys are
 * then distributed in another way.
 */
export async function locate(
  state: Pick<BridgeState, 'checkpoint' | 'beginsAfter' | 'lanes'>,
  target: TargetLanes | null,
  log: LogFacts,
  laneGroups: readonly (readonly string[])[] = [],
): Promise<Start> {
  if (target === null) return { after: state.checkpoint, lanes: new Map(state.lanes) };
  for (const group of laneGroups) assertSameNumber(group, state.lanes, target);
  // All lanes of a group are saved, so that the next process notices if it has grown.
  const lanes = new Map(laneGroups.flat().map((lane) => [lane, 0]));
  let { checkpoint: after } = state;
  for (const [lane, last] of target) {
    if (last !== null) await assertOurs(lane, last, log);
    lanes.set(lane, last?.sequence ?? state.lanes.get(lane) ?? 0);
  }
  for (const [lane, saved] of state.lanes) {
    const actual = lanes.get(lane) ?? 0;
    if (actual < saved) after = Math.max(state.beginsAfter, Math.min(after, actual));
  }
  // Not after the checkpoint, even if a lane is ahead of it: another lane may be behind. Messages
  // that are already on their lane are left out by `chain`.
  return { after, lanes };
}

const newTarget = 'give the bridge a new name and a new target';

/** A target whose messages were all removed is filled again, with any number of lanes. */
function assertSameNumber(
  group: readonly string[],
  saved: ReadonlyMap<string, number>,
  target: TargetLanes,
): void {
  const known = group.filter((lane) => saved.has(lane)).length;
  if (known === 0 || known === group.length || !group.some((lane) => target.has(lane))) return;
  throw new BridgeParkedError(
    `the topic of ${group[0]} has ${group.length} partitions instead of ${known}: ${newTarget}`,
  );
}

async function assertOurs(lane: string, last: LastMessage, log: LogFacts): Promise<void> {
  const { sequence, eventId, ledger } = last;
  if (ledger !== null && ledger !== log.ledger) {
    throw new BridgeParkedError(
      `${lane} holds messages of another ledger, ${ledger}; this ledger is ${log.ledger}: ` +
        'use another stream or topic',
    );
  }
  if (sequence > log.head) {
    throw new BridgeParkedError(
      `${lane} is ahead of the log: its last message is ${sequence}, ` +
        `the log ends at ${log.head}: ${newTarget}`,
    );
  }
  if (eventId === null) return;
  const actual = await log.eventIdAt(sequence);
  if (actual !== eventId) {
    throw new BridgeParkedError(
      `${lane} holds event ${eventId} at ${sequence}, but the log (head ${log.head}) has ` +
        `${actual ?? 'none'}: ${newTarget}`,
    );
  }
}
