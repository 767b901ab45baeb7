import { IdempotencyKeyReused } from '../../kernel/command.ts';
import type { RecordedOutcome, RecordedRejection } from '../../kernel/log.ts';
import { Rejection, reject } from '../../kernel/rejection.ts';
import type { Log } from '../../log/log.ts';
import type { CommandResult, KeyedInput } from '../request.ts';

/** The recorded answer of a command that was sent before: its events and the head at that time. */
export async function replayOutcome(
  log: Log,
  key: KeyedInput,
  outcome: RecordedOutcome,
): Promise<CommandResult> {
  if (!isSameInput(key, outcome)) return toKeyReused(key, outcome.sequence);
  const { sequence, eventCount } = outcome;
  const page = { after: sequence - eventCount, before: sequence + 1, limit: eventCount };
  const events = eventCount === 0 ? [] : await log.events({}, page);
  return {
    rejection: outcome.rejection,
    events,
    decided: events,
    proposed: [],
    firstStreamId: events[0]?.streamId ?? null,
    sequence,
    replayed: true,
    dryRun: false,
    stateOf: () => null,
  };
}

/** Whether a key was used with the same command and input, in this release or an older one. */
export function isSameInput(
  { fingerprint, olderFingerprint }: KeyedInput,
  outcome: RecordedOutcome,
): boolean {
  return [fingerprint, olderFingerprint].includes(outcome.fingerprint);
}

/** The rejection of a command whose key was used with another command or input. */
export function toKeyReused({ idempotencyKey }: KeyedInput, sequence: number): CommandResult {
  return {
    rejection: keyReused(idempotencyKey),
    events: [],
    decided: [],
    proposed: [],
    firstStreamId: null,
    sequence,
    replayed: false,
    dryRun: false,
    stateOf: () => null,
  };
}

export function keyReused(idempotencyKey: string): RecordedRejection {
  try {
    const used = `the idempotency key "${idempotencyKey}" was already used`;
    return reject(IdempotencyKeyReused, `${used} with another command or input`, {
      idempotencyKey,
    });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const { code, message, data } = error;
    return { code, message, data };
  }
}
