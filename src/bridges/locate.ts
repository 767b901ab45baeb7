import type { Lanes } from './chain.ts';
import { BridgeParkedError } from './errors.ts';
import type { BridgeState } from './store.ts';
import type { LastMessage, Partitions, TargetLanes } from './target.ts';

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
 * log that was restored, or it belongs to another log. Also if a topic has more partitions than
 * before: keys then belong to other ones.
 */
export async function locate(
  state: Pick<BridgeState, 'checkpoint' | 'beginsAfter' | 'lanes'>,
  target: TargetLanes | null,
  log: LogFacts,
  partitions: Partitions = new Map(),
): Promise<Start> {
  if (target === null) return { after: state.checkpoint, lanes: new Map(state.lanes) };
  for (const [topic, own] of partitions)
    assertSameNumber(topic, own, { saved: state.lanes, target });
  // All partitions are saved, so that it is noticed later if there are more.
  const lanes = new Map([...partitions.values()].flat().map((lane) => [lane, 0]));
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

/** A topic without messages is filled again, with any number of partitions. */
function assertSameNumber(
  topic: string,
  partitions: readonly string[],
  { saved, target }: { readonly saved: Lanes; readonly target: TargetLanes },
): void {
  const known = partitions.filter((lane) => saved.has(lane)).length;
  const hasMessages = partitions.some((lane) => target.has(lane));
  if (known === 0 || known === partitions.length || !hasMessages) return;
  throw new BridgeParkedError(
    `topic ${topic} has ${partitions.length} partitions instead of ${known}: ${newTarget}`,
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
