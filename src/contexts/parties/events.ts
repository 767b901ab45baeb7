import { entityIdOf } from '../../kernel/decider.ts';
import type { EventDefinitions, EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { boolean, named, nullable, personal, text } from '../../kernel/field.ts';
import { personErased, type SubjectOf } from '../../kernel/personal.ts';
import { oneLine } from '../../lib/one-line.ts';

/** A person's own texts. */
const ofPerson: SubjectOf = ({ streamId }) => entityIdOf(streamId);
const name = (description: string) =>
  // Another name in the API than that of an instrument, which is never null.
  named('personName', personal(text(description), ofPerson));
const email = (description: string) => personal(nullable(text(description)), ofPerson);

/** The events of a person. */
export const personEvents = {
  PersonRegistered: {
    description: 'A person was registered.',
    audience: 'LOG',
    fields: {
      name: name('The name of the person. Null once the person is forgotten.'),
      email: email('The email address. Null if none was given, or once the person is forgotten.'),
    },
  },
  PersonChanged: {
    description: 'The name or the email address of a person was changed.',
    audience: 'LOG',
    fields: {
      name: name('The new name. Null if it did not change, or once the person is forgotten.'),
      email: email(
        oneLine`The new email address. Null if it did not change or was removed, or once the person
          is forgotten.`,
      ),
      emailRemoved: boolean('Whether the email address was removed.'),
    },
  },
  [personErased]: {
    description: oneLine`A person was forgotten: the key of all personal texts about the person was
      destroyed. They are null in all events and at every moment, and cannot be recovered.`,
    audience: 'LOG',
    fields: { reason: nullable(text('The reason that the client gave. Null if it gave none.')) },
  },
} as const satisfies EventDefinitions;

export type PersonEvent = EventOf<typeof personEvents>;
export type StoredPersonEvent = StoredEventOf<typeof personEvents>;
