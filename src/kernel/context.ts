import type { RightsSource } from './account-rights.ts';
import type { Decider } from './decider.ts';
import type { EventDefinition, EventDefinitions } from './event-definition.ts';
import type { ProcessManager } from './process-manager.ts';
import type { Reaction } from './reaction.ts';
import type { View } from './view.ts';

/** A bounded context as the engine uses it. */
export interface BoundedContext {
  readonly name: string;
  readonly events: EventDefinitions;
  /** The deciders of all its kinds of streams. */
  readonly deciders: readonly Pick<Decider, 'category' | 'idFault'>[];
  readonly views: readonly View[];
  readonly reactions?: readonly Reaction[];
  readonly processManagers?: readonly ProcessManager[];
  /** Where the rights to accounts are found. Absent: the context has no accounts. */
  readonly rights?: RightsSource;
}

/** Event types by name. */
export interface KnownEvents extends ReadonlyMap<string, EventDefinition> {
  /** The categories of streams that hold only these types. Absent: no such category is known. */
  readonly categories?: ReadonlySet<string>;
}

/**
 * The event types of the given contexts by name; throws if two have the same name, or if one is
 * split into a type that its context does not define. If a stream of
 * one of their categories has an event of another type, a newer program recorded it.
 */
export function eventDefinitionsOf(contexts: readonly BoundedContext[]): KnownEvents {
  const definitions = new Map<string, EventDefinition>();
  for (const context of contexts) {
    for (const [type, definition] of Object.entries(context.events)) {
      if (definitions.has(type)) throw new Error(`two contexts define the event ${type}`);
      const other = definition.splitInto?.find((name) => !Object.hasOwn(context.events, name));
      if (other !== undefined) {
        throw new Error(`${type} is split into ${other}, which its context does not define`);
      }
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
