import type { ObjectRef } from '@pothos/core';
import type { Fields } from '../kernel/field.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import type { RejectionDefinition } from '../kernel/rejection.ts';
import { oneLine } from '../lib/one-line.ts';
import type { ApiTypes, Builder } from './builder.ts';
import { compareFields, dataFields } from './field-types.ts';

/** Adds the `Error` interface; returns the function that creates a rejection's object type. */
export function addRejectionTypes(builder: Builder) {
  const known = new Map<string, RejectionRef>();
  const seen: [string, Fields][] = [];
  const error = builder.interfaceRef<RecordedRejection>('Error').implement({
    description: oneLine`The reason why a command was rejected. The command recorded nothing except,
      for some commands, the rejection itself.`,
    fields: (t) => ({
      code: t.exposeString('code', {
        description: 'The stable code of the error, in SCREAMING_SNAKE_CASE.',
      }),
      message: t.exposeString('message', {
        description: 'A one-line explanation, written for people. Its wording may change.',
      }),
    }),
  });

  /** The type of a rejection, created on first use. */
  return function typeOf({ name, description, fields }: RejectionDefinition): RejectionRef {
    const made = known.get(name);
    if (made !== undefined) return made;
    seen.push([name, fields]);
    compareFields(seen);
    const type = builder.objectRef<RecordedRejection>(name).implement({
      description,
      interfaces: [error],
      fields: (t) => dataFields(builder, t, fields, new Set()),
    });
    known.set(name, type);
    return type;
  };
}

type RejectionRef = ObjectRef<ApiTypes, RecordedRejection>;

export type RejectionTypes = ReturnType<typeof addRejectionTypes>;
