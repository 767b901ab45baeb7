import { entityIdOf } from '../../kernel/decider.ts';
import type { View } from '../../kernel/view.ts';
import { personEvents, type StoredPersonEvent } from './events.ts';
import { evolvePerson, type Person } from './person.ts';

/** Every person by its id. It folds events as the decider does, so its texts are sealed. */
export const personsView: View<Person> = {
  name: 'persons',
  version: 2,
  description: 'The people: name and email address, until they are forgotten.',
  types: Object.keys(personEvents),
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (person, event) => evolvePerson(person ?? null, event as StoredPersonEvent),
};
