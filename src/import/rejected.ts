import { RefusedError } from './errors.ts';

/** The members of a mutation's result that are set when the command is rejected. */
export interface Rejected {
  readonly code?: string;
  readonly message?: string;
}

/** Returns the payload of a mutation; throws `RefusedError` if it is a rejection. */
export function accepted<Payload extends Rejected>(payload: Payload): Payload {
  if (payload.code === undefined) return payload;
  throw new RefusedError(payload.code, payload.message ?? 'the command was rejected');
}
