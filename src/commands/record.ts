import { accountIdOf, accountIdsIn } from '../kernel/account-ids.ts';
import { Forbidden } from '../kernel/command.ts';
import type { CommandOutcome, PendingRecord } from '../kernel/command-record.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';
import { toInputJson } from './record-input.ts';
import type { Submission } from './request.ts';

/** The record of a command that was decided with this rejection, or null, and these events. */
export function toRecord(
  { commandId, request }: Submission,
  rejection: RecordedRejection | null,
  events: readonly PendingEvent[],
): PendingRecord {
  const { definition, input, options, actor, roles, transport } = request;
  const { text, isWhole } = toInputJson(request, events);
  const named = accountIdsIn(input);
  const accountIds = [...named];
  const namedCount = accountIds.length;
  for (const { streamId } of events) {
    const accountId = accountIdOf(streamId);
    if (accountId === null || named.has(accountId)) continue;
    named.add(accountId);
    accountIds.push(accountId);
  }
  const otherAccountIds = isWhole ? accountIds.slice(namedCount) : accountIds;
  return {
    id: commandId,
    name: definition.name,
    actor,
    roles,
    transport,
    outcome: outcomeOf(rejection),
    code: rejection?.code ?? null,
    message: rejection?.message ?? null,
    eventCount: events.length,
    idempotencyKey: options.idempotencyKey ?? null,
    correlationId: request.correlationId ?? commandId,
    causationId: request.causationId,
    input: text,
    accountIds,
    otherAccountIds,
  };
}

/** What became of a command with this rejection, or with none. */
export function outcomeOf(rejection: RecordedRejection | null): CommandOutcome {
  if (rejection === null) return 'ACCEPTED';
  return rejection.isForbidden === true || rejection.code === Forbidden.code
    ? 'FORBIDDEN'
    : 'REJECTED';
}
