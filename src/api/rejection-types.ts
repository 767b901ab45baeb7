import type { ObjectRef } from '@pothos/core';
import type { RecordedRejection } from '../kernel/log.ts';
import type { RejectionDefinition } from '../kernel/rejection.ts';
import type { ApiTypes, Builder } from './builder.ts';
import { scalarOf } from './event-types.ts';

/** The Error interface, and an object type for each way in which a command can be refused. */
export function addRejectionTypes(builder: Builder) {
  const known = new Map<string, RejectionRef>();
  const error = builder.interfaceRef<RecordedRejection>('Error').implement({
    description: 'Why a command was refused. Nothing of it was recorded but the refusal itself.',
    fields: (t) => ({
      code: t.exposeString('code', { description: 'SCREAMING_SNAKE_CASE, and stable.' }),
      message: t.exposeString('message', { description: 'One line, for people.' }),
    }),
  });

  /** The type of a rejection, made when first asked for. */
  return function typeOf({ name, description, fields }: RejectionDefinition): RejectionRef {
    const made = known.get(name);
    if (made !== undefined) return made;
    const type = builder.objectRef<RecordedRejection>(name).implement({
      description,
      interfaces: [error],
      fields: (t) =>
        Object.fromEntries(
          Object.entries(fields).map(([member, field]) => [
            member,
            t.field({
              type: scalarOf(field),
              nullable: field.nullable,
              description: field.description,
              resolve: ({ data }) => data[member] as never,
            }),
          ]),
        ),
    });
    known.set(name, type);
    return type;
  };
}

type RejectionRef = ObjectRef<ApiTypes, RecordedRejection>;

export type RejectionTypes = ReturnType<typeof addRejectionTypes>;
