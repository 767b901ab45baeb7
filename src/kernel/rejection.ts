import type { JsonObject } from './event.ts';
import { type DataOf, type Fields, text } from './field.ts';

/** A kind of rejection of a command: a typed answer, not a failure of the program. */
export interface RejectionDefinition<F extends Fields = Fields> {
  /** The name of its GraphQL type. */
  readonly name: string;
  /** A code in SCREAMING_SNAKE_CASE; it is stable, because clients branch on it. */
  readonly code: string;
  readonly description: string;
  readonly fields: F;
}

/**
 * Thrown by a command handler. What the handler recorded is dropped unless `keepsEvents` is true.
 */
export class Rejection extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly data: JsonObject,
    /** Whether the events that the handler recorded are kept, because they record the rejection. */
    readonly keepsEvents = false,
    /** Whether the caller lacks the right, even if the code says that something does not exist. */
    readonly isForbidden = false,
  ) {
    super(message);
  }
}

/**
 * Malformed input that is detected only while the command is decided. Clients get the same error as
 * for other malformed input. The rejection is recorded under the idempotency key, so that the same
 * command gets the same answer again.
 */
export const BadUserInput = {
  name: 'BadUserInput',
  code: 'BAD_USER_INPUT',
  description: 'The input is malformed.',
  fields: { member: text('The member of the input that is malformed.') },
} satisfies RejectionDefinition;

/** Throws the rejection of a definition. */
export function reject<F extends Fields>(
  definition: RejectionDefinition<F>,
  message: string,
  data: DataOf<F>,
): never {
  // Fields hold only text, integers and booleans, so the data is JSON.
  throw new Rejection(definition.code, message, data as unknown as JsonObject);
}
