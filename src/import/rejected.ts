import { RefusedError } from './errors.ts';

/** What a mutation answers if it is refused. */
export interface Rejected {
  readonly code?: string;
  readonly message?: string;
}

/** The payload of a mutation; throws `RefusedError` if it is a rejection. */
export function accepted<Payload extends Rejected>(payload: Payload): Payload {
  if (payload.code === undefined) return payload;
  throw new RefusedError(payload.code, payload.message ?? 'refused');
}
