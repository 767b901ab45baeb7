import type { RecordedOutcome } from '../kernel/log.ts';
import type { Executor, Query } from '../postgres/database.ts';

const outcomes: Query = {
  name: 'command_outcomes',
  text: `select actor, idempotency_key as "idempotencyKey", fingerprint,
      command_id as "commandId", sequence, event_count as "eventCount", rejection
    from command_outcomes
    join unnest($1::text[], $2::text[]) as wanted (actor, idempotency_key)
      using (actor, idempotency_key)`,
};

/** The recorded outcomes of those of the keys that have one, in no order. */
export async function readOutcomes(
  executor: Executor,
  keys: readonly (readonly [actor: string, idempotencyKey: string])[],
): Promise<readonly RecordedOutcome[]> {
  return executor.query<RecordedOutcome>(outcomes, [
    keys.map(([actor]) => actor),
    keys.map(([, key]) => key),
  ]);
}
