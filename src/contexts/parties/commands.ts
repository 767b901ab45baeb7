import { roleRight } from '../../access/command-rights.ts';
import type { CommandContext, CommandDefinition } from '../../kernel/command.ts';
import { reject } from '../../kernel/rejection.ts';
import { oneLine } from '../../lib/one-line.ts';
import { type Person, personDecider } from './person.ts';
import { PersonAlreadyExists, PersonNotFound, PersonWasErased } from './rejections.ts';
import { ownRight } from './rights.ts';

export interface RegisterPerson {
  readonly personId: string;
  readonly name: string;
  readonly email?: string | null | undefined;
}

export interface ChangePerson {
  readonly personId: string;
  /** Absent: it does not change. */
  readonly name?: string | null | undefined;
  /** Absent: it does not change, unless it is removed. */
  readonly email?: string | null | undefined;
  readonly emailRemoved: boolean;
}

export interface ErasePerson {
  readonly personId: string;
  readonly reason?: string | null | undefined;
}

const target = ({ personId }: { readonly personId: string }) => ({
  decider: personDecider,
  id: personId,
});

export const registerPerson: CommandDefinition<RegisterPerson> = {
  name: 'registerPerson',
  description: oneLine`Registers the person who owns the accounts whose owner is the person's id.
    The name and the email address are personal: they are recorded encrypted.`,
  rejections: [PersonAlreadyExists, PersonWasErased],
  right: ownRight,
  personal: ['name', 'email'],
  target,
  handle({ personId, name, email = null }, context) {
    const person = loadUnerased(context, personId);
    if (person?.isRegistered === true) {
      const message = `person ${personId} is registered already`;
      reject(PersonAlreadyExists, message, { personId });
    }
    const event = { type: 'PersonRegistered', data: { name, email } } as const;
    context.record(personDecider, personId, event);
  },
};

export const changePerson: CommandDefinition<ChangePerson> = {
  name: 'changePerson',
  description: 'Changes the name or the email address of a person.',
  rejections: [PersonNotFound, PersonWasErased],
  right: ownRight,
  personal: ['name', 'email'],
  target,
  handle({ personId, name = null, email = null, emailRemoved }, context) {
    if (loadUnerased(context, personId) === null) rejectUnknown(personId);
    const data = { name, email, emailRemoved };
    context.record(personDecider, personId, { type: 'PersonChanged', data });
  },
};

export const erasePerson: CommandDefinition<ErasePerson> = {
  name: 'erasePerson',
  description: oneLine`Forgets a person: destroys the key of the personal texts that are recorded
    about the person, which are null from then on, at every moment. Nothing can bring them back. The
    person need not be registered: the notes on its accounts are forgotten, too. Has no effect on a
    person who was forgotten already.`,
  rejections: [PersonNotFound],
  right: roleRight('ADMIN'),
  target,
  handle({ personId, reason = null }, context) {
    const { state } = context.load(personDecider, personId);
    if (state?.erasedAt != null) return;
    if (state === null && !context.hasPersonalKey(personId)) rejectUnknown(personId);
    context.record(personDecider, personId, { type: 'PersonErased', data: { reason } });
  },
};

/** The person; null if there is none. Rejects if it was forgotten. */
function loadUnerased(context: CommandContext, personId: string): Person | null {
  const { state } = context.load(personDecider, personId);
  if (state?.erasedAt == null) return state;
  return reject(PersonWasErased, `person ${personId} was forgotten`, { personId });
}

function rejectUnknown(personId: string): never {
  return reject(PersonNotFound, `there is no person ${personId}`, { personId });
}
