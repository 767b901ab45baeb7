import type { CommandOutcome } from '../kernel/command-record.ts';
import { oneLine } from '../lib/one-line.ts';
import type { CommandRecordFilter } from '../log/record-batches.ts';
import type { Builder } from './builder.ts';
import { correlationIdRule, isCorrelationId } from './correlation-id.ts';
import { badInput } from './errors.ts';
import { parseFilterBy, parseFilterId, parseFilterList, parseFilterText } from './filter-input.ts';

/** A filter of command records as clients send it. */
interface CommandFilterInput {
  readonly names?: readonly string[] | null | undefined;
  readonly actor?: string | null | undefined;
  readonly outcome?: CommandOutcome | null | undefined;
  readonly accountId?: string | null | undefined;
  readonly correlationId?: string | null | undefined;
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
}

/** A parsed filter; `since` is inclusive, `until` is exclusive. */
export interface ParsedCommandFilter {
  readonly filter: CommandRecordFilter;
  readonly since: string | null;
  readonly until: string | null;
}

const namesMax = 100;

/** Adds the enum of outcomes. */
export function addOutcome(builder: Builder) {
  return builder.enumType('CommandOutcome', {
    description: 'What became of a command.',
    values: {
      ACCEPTED: { description: 'The command was accepted. It may have recorded events.' },
      REJECTED: { description: 'The command was rejected, for the reason in `code`.' },
      FORBIDDEN: {
        description: oneLine`The actor did not have the right to send the command. \`code\` may say
          that something does not exist, because the actor may not see it.`,
      },
    } as const,
  });
}

export type OutcomeRef = ReturnType<typeof addOutcome>;

/** Adds the input type of filters. */
export function addCommandFilter(builder: Builder, outcome: OutcomeRef) {
  return builder.inputType('CommandFilter', {
    description: 'A filter for command records. A record must match all fields that are given.',
    fields: (t) => ({
      names: t.stringList({
        description: oneLine`The 1 to ${namesMax} names of which the command must have one, like
          \`depositCash\`. If omitted, every name matches.`,
      }),
      actor: t.string({
        description: 'The actor that sent the command. If omitted, every actor matches.',
      }),
      outcome: t.field({
        type: outcome,
        description: 'What became of the command. If omitted, every outcome matches.',
      }),
      accountId: t.id({
        description: oneLine`The UUID of an account that the input of the command names, or in whose
          stream the command has recorded an event. If omitted, every command matches.`,
      }),
      correlationId: t.id({
        description: oneLine`The correlation id of the command, ${correlationIdRule}. If omitted,
          every command matches.`,
      }),
      from: t.field({
        type: 'DateTime',
        description: oneLine`The beginning of the range of recordedAt, inclusive. If omitted, the
          range begins with the first record.`,
      }),
      to: t.field({
        type: 'DateTime',
        description: oneLine`The end of the range of recordedAt, exclusive. If omitted, the range
          ends with the last record.`,
      }),
    }),
  });
}

/** Parses a client's filter; throws BAD_USER_INPUT if it can match nothing. */
export function parseCommandFilter(
  input: CommandFilterInput | null | undefined,
): ParsedCommandFilter {
  const { names, actor, outcome, accountId, correlationId, from, to } = input ?? {};
  if (names != null && names.length > namesMax) {
    badInput(`names must have at most ${namesMax} members, not ${names.length}`, 'names');
  }
  if (from != null && to != null && from >= to) badInput('to must be later than from', 'to');
  return {
    filter: {
      names: parseFilterList('names', names),
      actor: parseFilterText('actor', actor),
      outcome: outcome ?? undefined,
      accountId: parseFilterId('accountId', accountId),
      correlationId: parseFilterBy('correlationId', correlationIdFault, correlationId),
    },
    since: from ?? null,
    until: to ?? null,
  };
}

function correlationIdFault(text: string): string | null {
  return isCorrelationId(text) ? null : `correlationId must have ${correlationIdRule}`;
}
