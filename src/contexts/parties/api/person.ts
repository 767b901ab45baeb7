import type { ApiParts } from '../../../api/api-parts.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import { accountTypes } from '../../accounts/api/account.ts';
import type { Person } from '../person.ts';
import { maySeePerson } from '../rights.ts';
import { personsView } from '../views.ts';

/** A person at a read point. */
interface PersonAt {
  readonly typename: 'Person';
  readonly person: Person;
  readonly at: ReadPoint;
}

/** The source of the type Person for a state that was read at a read point. */
export function toPersonAt(person: Person, at: ReadPoint): PersonAt {
  return { typename: 'Person', person, at };
}

/** Finds a person at a read point; null if there was none, or if the actor may not see it now. */
export async function findPerson(
  context: RequestContext,
  personId: string,
  at: ReadPoint,
): Promise<PersonAt | null> {
  if (!maySeePerson(context.visibility.caller, personId)) return null;
  return readPerson(context, personId, at);
}

/** Finds a person whom the actor may see, because it may see an account of the person. */
async function readPerson(
  context: RequestContext,
  personId: string,
  at: ReadPoint,
): Promise<PersonAt | null> {
  const found = await context.views.document(personsView, personId, at);
  return found === null ? null : toPersonAt(found.document, at);
}

/** Finds a person by the key in its id. */
export async function findPersonNode(
  context: RequestContext,
  key: string,
  at: ReadPoint,
): Promise<PersonAt | null> {
  if (!key.startsWith(personPrefix)) return null;
  return findPerson(context, unescapeId(key.slice(personPrefix.length)), at);
}

const personPrefix = 'person-';

/** An id of a person is any text, but "@" in an id of the API begins a moment. */
function escapeId(personId: string): string {
  return personId.replaceAll('%', '%25').replaceAll('@', '%40');
}

function unescapeId(text: string): string {
  return text.replaceAll('%40', '@').replaceAll('%25', '%');
}

/** The type Person and Account.holder, added once to a schema. */
export const personTypes = oncePerSchema(addPersonTypes);

function addPersonTypes(parts: ApiParts) {
  const { builder, nodes } = parts;
  const person = builder.objectRef<PersonAt>('Person').implement({
    description: oneLine`A person, who owns the accounts whose owner is its personId. When a person
      is forgotten, what is personal becomes null at every moment, also in the past.`,
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: oneLine`The id of the person at the moment at which it was read:
          "person-<personId>", with "%40" for "@" and "%25" for "%", and with \`asOf\` also "@" and
          the sequence number.`,
        resolve: ({ person, at }) => idAt(`${personPrefix}${escapeId(person.id)}`, at),
      }),
      personId: t.id({
        description: 'The id as it was given. It is the same at every moment.',
        resolve: ({ person }) => person.id,
      }),
      name: t.string({
        nullable: true,
        description: 'The name. Null once the person is forgotten.',
        resolve: ({ person }, _args, context) => context.openOwn(person.name, 'name', person.id),
      }),
      email: t.string({
        nullable: true,
        description: 'The email address. Null if there is none, or once the person is forgotten.',
        resolve: ({ person }, _args, context) => context.openOwn(person.email, 'email', person.id),
      }),
      erasedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: oneLine`The time at which the person was forgotten, at every moment, also
          before that time. Null if it was not.`,
        resolve: ({ person }, _args, context) => person.erasedAt ?? context.erasedAt(person.id),
      }),
    }),
  });
  builder.objectFields(accountTypes(parts).account, (t) => ({
    holder: t.field({
      type: person,
      nullable: true,
      description: "The person whose personId is the account's owner. Null if there is none.",
      resolve: async ({ account, at }, _args, context) => {
        await context.waitForViews(at);
        return readPerson(context, account.owner, at);
      },
    }),
  }));
  return { person };
}

export type PersonRefs = ReturnType<typeof addPersonTypes>;
