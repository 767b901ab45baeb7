import type { CommandContext } from './command.ts';
import type { NewEvent } from './event.ts';

/** An event that a command has just recorded and that is not in the log yet. */
interface RecordedEvent extends NewEvent {
  readonly streamId: string;
  /** Null for the time of recording. */
  readonly occurredAt: string | null;
}

/**
 * What a bounded context does immediately when another one records an event. The reaction belongs
 * to the same command and therefore to the same atomic append. Pure, like a command handler; if it
 * throws a rejection, the command is rejected. Work that may happen a little later belongs in a
 * process manager.
 */
export interface Reaction {
  /**
   * '<context>.<whatItDoes>', unique and never changed. A program that lacks a reaction with which
   * other programs have decided must not decide. A reaction whose behavior changes gets a new name.
   * A reaction that is no longer needed keeps its name and has no types.
   */
  readonly name: string;
  readonly types: readonly string[];
  react(event: RecordedEvent, context: CommandContext): void;
}

/** The names of all reactions; throws if two have the same name. */
export function reactionNamesOf(
  contexts: readonly { readonly reactions?: readonly Reaction[] }[],
): readonly string[] {
  const names = contexts.flatMap(({ reactions = [] }) => reactions.map(({ name }) => name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two reactions are named ${twice}`);
  return names;
}

/** The reactions to each event type, in the order of the contexts. */
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
