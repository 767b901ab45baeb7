import {
  ContentionError,
  OutcomeUnknownError,
  OverloadedError,
  StoppedError,
  UnavailableError,
} from '../commands/errors.ts';
import { isTransient } from '../log/errors.ts';
import { isDiskFull, isReadOnly, whyUnavailable } from '../postgres/errors.ts';
import { ViewNotReadableError } from '../views/errors.ts';
import { codedError } from './errors.ts';

const speaking = [
  ContentionError,
  OutcomeUnknownError,
  OverloadedError,
  StoppedError,
  UnavailableError,
  ViewNotReadableError,
] as const;

/** What a client may know of an error of the engine; any other error comes back as it is. */
export function toApiError(error: unknown): unknown {
  for (const kind of speaking) {
    if (error instanceof kind) return codedError(error.code, error.message);
  }
  if (isDiskFull(error) || isReadOnly(error)) {
    return codedError('UNAVAILABLE', `${whyUnavailable(error)}: try again later`);
  }
  if (isTransient(error)) {
    return codedError('DATABASE_UNREACHABLE', 'the database cannot be reached: try again later');
  }
  return error;
}
