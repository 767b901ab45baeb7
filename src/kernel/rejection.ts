import type { JsonObject } from './event.ts';
import type { DataOf, Fields } from './field.ts';

/** One way in which a command can be refused: a typed answer, not a failure of the program. */
export interface RejectionDefinition<F extends Fields = Fields> {
  /** The name of its GraphQL type. */
  readonly name: string;
  /** SCREAMING_SNAKE_CASE and stable: clients branch on it. */
  readonly code: string;
  readonly description: string;
  readonly fields: F;
}

/** Thrown by a command handler; nothing that the handler recorded is kept, unless it says so. */
export class Rejection extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly data: JsonObject,
    /** Whether the refusal is a fact of its own: what the handler recorded of it is then kept. */
    readonly keepsEvents = false,
  ) {
    super(message);
  }
}

/**
 * The input is malformed, as only the time of deciding tells: to clients an error of input like any
 * other, but recorded under the command's key, so that what was taken in time is answered again.
 */
export const BadUserInput = {
  name: 'BadUserInput',
  code: 'BAD_USER_INPUT',
  description: 'The input is malformed.',
  fields: {},
} satisfies RejectionDefinition;

export function reject<F extends Fields>(
  definition: RejectionDefinition<F>,
  message: string,
  data: DataOf<F>,
): never {
  // The fields of a definition hold text, integers and booleans only, which is JSON.
  throw new Rejection(definition.code, message, data as unknown as JsonObject);
}
