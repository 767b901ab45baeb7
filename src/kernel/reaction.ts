import type { CommandContext } from './command.ts';
import type { NewEvent } from './event.ts';

/** An event that a command has just recorded, on its way to the log. */
export interface RecordedEvent extends NewEvent {
  readonly streamId: string;
  /** Null: when the log records it. */
  readonly occurredAt: string | null;
}

/**
 * What one bounded context does at once when another one records an event: in the same command, and
 * so in the same atomic append. Pure, as a command handler; a rejection refuses the command. For
 * what may happen a little later there are process managers.
 */
export interface Reaction {
  /**
   * '<context>.<whatItDoes>', unique and never changed: a program that lacks the name of a reaction
   * with which others have decided does not decide. One that does something else gets a new name; one
   * that is given up keeps its name and has no types.
   */
  readonly name: string;
  readonly types: readonly string[];
  react(event: RecordedEvent, context: CommandContext): void;
}

/** The names of all reactions; two of one name are an error of the program. */
export function reactionNamesOf(
  contexts: readonly { readonly reactions?: readonly Reaction[] }[],
): readonly string[] {
  const names = contexts.flatMap(({ reactions = [] }) => reactions.map(({ name }) => name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two reactions are named ${twice}`);
  return names;
}

/** The reactions to each type of event, in the order of the contexts. */
export function reactionsByType(
  contexts: readonly { readonly reactions?: readonly Reaction[] }[],
): ReadonlyMap<string, readonly Reaction[]> {
  const byType = new Map<string, Reaction[]>();
  for (const reaction of contexts.flatMap(({ reactions = [] }) => reactions)) {
    for (const type of reaction.types) {
      byType.set(type, [...(byType.get(type) ?? []), reaction]);
    }
  }
  return byType;
}
