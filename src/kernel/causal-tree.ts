import type { CommandRecord } from './command-record.ts';
import type { StoredEvent } from './event.ts';

/** A command or an event, and what it has caused. Exactly one of `command` and `event` is null. */
export interface CausalNode<Command, Event> {
  readonly command: Command | null;
  readonly event: Event | null;
  /** A command's events, or the commands that an event caused, in the order of recording. */
  readonly children: readonly CausalNode<Command, Event>[];
}

type Command = Pick<CommandRecord, 'id' | 'causationId'>;
type Event = Pick<StoredEvent, 'id' | 'commandId' | 'causationId'>;

/**
 * The tree of what was caused by what: a command is above its events, and an event is above the
 * commands that it caused. Returns the nodes without a cause among the given ones. An event whose
 * command is not given is below the event that caused the command. Both lists are in the order of
 * recording.
 */
export function causalTree<C extends Command, E extends Event>(
  commands: readonly C[],
  events: readonly E[],
): readonly CausalNode<C, E>[] {
  type Node = CausalNode<C, E> & { readonly children: Node[] };
  const roots: Node[] = [];
  const ofCommands = new Map<string, Node>();
  const ofEvents = new Map<string, Node>();
  for (const command of commands) {
    ofCommands.set(command.id, { command, event: null, children: [] });
  }
  for (const event of events) ofEvents.set(event.id, { command: null, event, children: [] });
  const causeOf = ({ causationId }: Command | Event): Node | undefined =>
    causationId === null ? undefined : ofEvents.get(causationId);
  for (const command of commands) {
    const node = ofCommands.get(command.id);
    if (node !== undefined) (causeOf(command)?.children ?? roots).push(node);
  }
  for (const event of events) {
    const node = ofEvents.get(event.id);
    const parent = ofCommands.get(event.commandId) ?? causeOf(event);
    if (node !== undefined) (parent?.children ?? roots).push(node);
  }
  return roots;
}
