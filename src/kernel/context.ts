import type { Decider } from './decider.ts';
import type { EventDefinition, EventDefinitions } from './event-definition.ts';
import type { ProcessManager } from './process-manager.ts';
import type { Reaction } from './reaction.ts';
import type { View } from './view.ts';

/** A bounded context, as the engine sees it. */
export interface BoundedContext {
  readonly name: string;
  readonly events: EventDefinitions;
  /** All of its kinds of streams. */
  readonly deciders: readonly Pick<Decider, 'category' | 'idFault'>[];
  readonly views: readonly View[];
  readonly reactions?: readonly Reaction[];
  readonly processManagers?: readonly ProcessManager[];
}

/** Event types by name. */
export interface KnownEvents extends ReadonlyMap<string, EventDefinition> {
  /** The kinds of streams that hold no other types; absent: none is known to. */
  readonly categories?: ReadonlySet<string>;
}

/**
 * Every event type of the given contexts by name; two of one name are an error of the program. In a
 * stream of their kinds an event of any other type is one that a newer program has recorded.
 */
export function eventDefinitionsOf(contexts: readonly BoundedContext[]): KnownEvents {
  const definitions = new Map<string, EventDefinition>();
  for (const context of contexts) {
    for (const [type, definition] of Object.entries(context.events)) {
      if (definitions.has(type)) throw new Error(`two contexts define the event ${type}`);
      definitions.set(type, definition);
    }
  }
  const deciders = contexts.flatMap((context) => context.deciders);
  const unfit = deciders.find(({ category }) => category.includes('-'));
  if (unfit !== undefined) {
    throw new Error(`the category ${unfit.category} has a hyphen, which separates it from the id`);
  }
  return Object.assign(definitions, {
    categories: new Set(deciders.map(({ category }) => category)),
  });
}
