import { id } from '../../kernel/field.ts';
import type { RejectionDefinition } from '../../kernel/rejection.ts';
import { oneLine } from '../../lib/one-line.ts';

const personId = id('The id of the person.');

export const PersonNotFound = {
  name: 'PersonNotFoundError',
  code: 'PERSON_NOT_FOUND',
  description: 'No person has this id. Check the id, or register the person first.',
  fields: { personId },
} satisfies RejectionDefinition;

export const PersonAlreadyExists = {
  name: 'PersonAlreadyExistsError',
  code: 'PERSON_ALREADY_EXISTS',
  description: 'A person with this id is registered already. Change the person instead.',
  fields: { personId },
} satisfies RejectionDefinition;

export const PersonWasErased = {
  name: 'PersonErasedError',
  code: 'PERSON_ERASED',
  description: oneLine`The person was forgotten. Nothing personal can be recorded for this id again;
    use another id.`,
  fields: { personId },
} satisfies RejectionDefinition;
