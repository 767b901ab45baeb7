import { type Decider, entityIdOf } from '../../kernel/decider.ts';
import { keepSealed, type PersonalText, personCategory } from '../../kernel/personal.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import type { PersonEvent, StoredPersonEvent } from './events.ts';

/** The state of a person. Its texts are sealed. */
export type Person = {
  readonly id: string;
  /** False for someone who was forgotten without having been registered. */
  readonly isRegistered: boolean;
  readonly name: PersonalText;
  readonly email: PersonalText;
  /** The time at which the person was forgotten; null if it was not. */
  readonly erasedAt: string | null;
};

/** The decider of one person. The state is null until the person is registered or forgotten. */
export const personDecider: Decider<Person | null, PersonEvent> = {
  category: personCategory,
  version: 1,
  initial: null,
  evolve: (person, event) => evolvePerson(person, event as StoredPersonEvent),
};

/** The person after its next event. */
export function evolvePerson(person: Person | null, event: StoredPersonEvent): Person {
  const id = entityIdOf(event.streamId);
  switch (event.type) {
    case 'PersonRegistered': {
      const name = keepSealed(event.data.name, event.id);
      const email = keepSealed(event.data.email, event.id);
      return { id, isRegistered: true, name, email, erasedAt: null };
    }
    case 'PersonChanged': {
      const { data } = event;
      const name = keepSealed(data.name, event.id) ?? person?.name ?? null;
      const email = keepSealed(data.email, event.id) ?? person?.email ?? null;
      const known = data.emailRemoved ? null : email;
      return { id, isRegistered: true, name, email: known, erasedAt: null };
    }
    case 'PersonErased': {
      const isRegistered = person?.isRegistered ?? false;
      return { id, isRegistered, name: null, email: null, erasedAt: event.recordedAt };
    }
    default:
      return throwUpgradeNeeded(event);
  }
}
