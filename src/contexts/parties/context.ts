import type { BoundedContext } from '../../kernel/context.ts';
import { personEvents } from './events.ts';
import { personDecider } from './person.ts';
import { personsView } from './views.ts';

/** The people who own accounts, and who can be forgotten. */
export const parties: BoundedContext = {
  name: 'parties',
  events: personEvents,
  deciders: [personDecider],
  views: [personsView],
};
