import type { BoundedContext } from '../kernel/context.ts';
import { parseUuid } from '../lib/uuid.ts';
import type { EventFilter } from '../log/read.ts';
import { correlationIdRule, isCorrelationId } from './correlation-id.ts';
import { badInput } from './errors.ts';
import { unregistered } from './event-types.ts';
import { parseFilterBy, parseFilterList, parseFilterText } from './filter-input.ts';

/** A filter of events as clients send it. */
interface EventFilterInput {
  readonly types?: readonly string[] | null | undefined;
  readonly streamId?: string | null | undefined;
  readonly actor?: string | null | undefined;
  readonly correlationId?: string | null | undefined;
}

/** Parses a client's filter for the log; throws BAD_USER_INPUT if it can match nothing. */
export type ParseEventFilter = (input: EventFilterInput | null | undefined) => EventFilter;

/** How many event types a filter may name. */
export const typesMax = 100;

/** Creates the parser of filters for the events of the given bounded contexts. */
export function createEventFilterParser(contexts: readonly BoundedContext[]): ParseEventFilter {
  const deciders = contexts.flatMap((context) => context.deciders);
  const categories = deciders.map(({ category }) => category).sort();

  function parseStreamId(streamId: string): string {
    const hyphen = streamId.indexOf('-');
    const [category, id] = [streamId.slice(0, hyphen), streamId.slice(hyphen + 1)];
    const decider = deciders.find((each) => each.category === category);
    if (decider === undefined || id === '') {
      const example = `like "${categories[0] ?? 'account'}-…"`;
      const rule = `a streamId must be a category, a hyphen and an id, ${example}`;
      const known = `the categories are ${categories.join(', ')}`;
      badInput(`${rule}, not ${quoted(streamId)}; ${known}`, 'streamId');
    }
    const known = parseUuid(id) ?? id;
    const fault = decider.idFault?.(known) ?? null;
    if (fault !== null) {
      badInput(`no stream can have the id ${quoted(streamId)}: ${fault}`, 'streamId');
    }
    return `${category}-${known}`;
  }

  return (input) => {
    const { types, streamId, actor, correlationId } = input ?? {};
    if (types != null && types.length > typesMax) {
      badInput(`types must have at most ${typesMax} members, not ${types.length}`, 'types');
    }
    const index = types?.indexOf(unregistered) ?? -1;
    if (index !== -1) badInput(`types must not contain ${unregistered}`, 'types', index);
    return {
      types: parseFilterList('types', types),
      streamId: streamId == null ? undefined : parseStreamId(streamId),
      actor: parseFilterText('actor', actor),
      correlationId: parseFilterBy('correlationId', correlationIdFault, correlationId),
    };
  };
}

function correlationIdFault(text: string): string | null {
  return isCorrelationId(text) ? null : `correlationId must have ${correlationIdRule}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
