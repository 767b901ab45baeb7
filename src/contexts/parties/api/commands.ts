import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import { parseOptionalText, parseText } from '../../../api/input.ts';
import { createStateAfter, fieldAfter } from '../../../api/state-after.ts';
import { oneLine } from '../../../lib/one-line.ts';
import * as commands from '../commands.ts';
import { personDecider } from '../person.ts';
import { personsView } from '../views.ts';
import { type PersonRefs, toPersonAt } from './person.ts';

const personAfter = createStateAfter({
  decider: personDecider,
  view: personsView,
  toSource: toPersonAt,
});

const idField = {
  required: true,
  description: oneLine`The id of the person, 1 to 200 characters: the owner of the person's
    accounts.`,
} as const;

/** Adds the mutations of people. */
export function addPersonCommands(parts: ApiParts, refs: PersonRefs): void {
  addRegisterPerson(parts, refs);
  addChangePerson(parts, refs);
  addErasePerson(parts, refs);
}

function personField({ person }: PersonRefs) {
  return fieldAfter({
    type: person,
    description: 'The person after the command.',
    state: personAfter,
    idOf: ({ input }: { readonly input: { readonly personId: string } }) => input.personId,
  });
}

function addRegisterPerson({ addCommand }: ApiParts, refs: PersonRefs): void {
  addCommand<commands.RegisterPerson>({
    command: commands.registerPerson,
    input: (t) => ({
      personId: t.id(idField),
      name: t.string({ required: true, description: 'The name, 1 to 200 characters.' }),
      email: t.string({
        description: 'The email address, up to 254 characters. If omitted, there is none.',
      }),
    }),
    parse: ({ personId, name, email }: commands.RegisterPerson) => ({
      personId: parseText('personId', personId),
      name: parseText('name', name),
      email: email == null ? null : parseEmail(email),
    }),
    payload: (t) => ({ person: t.field(personField(refs)) }),
  });
}

/** The longest address that mail can be sent to (RFC 5321, section 4.5.3.1.3). */
const emailLengthMax = 254;

function parseEmail(email: string): string {
  if (!email.includes('@')) badInput('email must have an "@"', 'email');
  return parseOptionalText('email', email, emailLengthMax) ?? '';
}

interface ChangeFields {
  readonly personId: string;
  readonly name?: string | null;
  readonly email?: string | null;
}

function addChangePerson({ addCommand }: ApiParts, refs: PersonRefs): void {
  addCommand<commands.ChangePerson>({
    command: commands.changePerson,
    input: (t) => ({
      personId: t.id(idField),
      name: t.string({
        description: 'The new name, 1 to 200 characters. If omitted, it does not change.',
      }),
      email: t.string({
        description: oneLine`The new email address, up to 254 characters; null removes it. If
          omitted, it does not change.`,
      }),
    }),
    parse: ({ personId, name, email }: ChangeFields) => {
      if (name == null && email === undefined) badInput('give a name or an email', 'name');
      return {
        personId: parseText('personId', personId),
        name: name == null ? null : parseText('name', name),
        email: email == null ? null : parseEmail(email),
        emailRemoved: email === null,
      };
    },
    payload: (t) => ({ person: t.field(personField(refs)) }),
  });
}

function addErasePerson({ addCommand }: ApiParts, refs: PersonRefs): void {
  addCommand<commands.ErasePerson>({
    command: commands.erasePerson,
    input: (t) => ({
      personId: t.id(idField),
      reason: t.string({
        description: oneLine`A reason of up to 200 characters, recorded in the event as plain text.
          If omitted, there is none.`,
      }),
    }),
    parse: ({ personId, reason }: commands.ErasePerson) => ({
      personId: parseText('personId', personId),
      reason: parseOptionalText('reason', reason),
    }),
    payload: (t) => ({ person: t.field(personField(refs)) }),
  });
}
