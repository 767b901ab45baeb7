import type { RecordedOutcome } from '../kernel/log.ts';
import type { Executor, Query } from '../postgres/database.ts';

// A lateral join: a plain join, planned while there were few outcomes, would scan all of them.
const outcomes: Query = {
  name: 'command_outcomes',
  text: `select wanted.actor, wanted.idempotency_key as "idempotencyKey", outcome.fingerprint,
      outcome.command_id as "commandId", outcome.sequence, outcome.event_count as "eventCount",
      outcome.rejection
    from unnest($1::text[], $2::text[]) as wanted (actor, idempotency_key)
    cross join lateral (
      select * from command_outcomes
      where command_outcomes.actor = wanted.actor
        and command_outcomes.idempotency_key = wanted.idempotency_key
      limit 1
    ) as outcome`,
};

/** The recorded outcomes of those keys that have one, in no particular order. */
export async function readOutcomes(
  executor: Executor,
  keys: readonly (readonly [actor: string, idempotencyKey: string])[],
): Promise<readonly RecordedOutcome[]> {
  return executor.query<RecordedOutcome>(outcomes, [
    keys.map(([actor]) => actor),
    keys.map(([, key]) => key),
  ]);
}
