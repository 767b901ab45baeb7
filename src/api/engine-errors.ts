import {
  BusyError,
  ContentionError,
  OutcomeUnknownError,
  OverloadedError,
  StoppedError,
  UnavailableError,
} from '../commands/errors.ts';
import { UpgradeNeededError } from '../kernel/upgrade-needed.ts';
import { GateFullError } from '../lib/fair-gate.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import { isDiskFull, isReadOnly, isStatementTimeout, whyUnavailable } from '../postgres/errors.ts';
import { ViewNotReadableError } from '../views/errors.ts';
import { clientStatementTimeoutMs } from './client-reads.ts';
import { codedError } from './errors.ts';

const speaking = [
  BusyError,
  ContentionError,
  GateFullError,
  LogReplacedError,
  OutcomeUnknownError,
  OverloadedError,
  StoppedError,
  UnavailableError,
  UpgradeNeededError,
  ViewNotReadableError,
] as const;

/** What a client may know of an error of the engine; any other error comes back as it is. */
export function toApiError(error: unknown): unknown {
  for (const kind of speaking) {
    if (error instanceof kind) return codedError(error.code, error.message);
  }
  if (isStatementTimeout(error)) {
    return codedError(
      'QUERY_TIMEOUT',
      `the query took longer than ${clientStatementTimeoutMs / 1_000} s and was stopped: ask for less`,
    );
  }
  if (isDiskFull(error) || isReadOnly(error)) {
    return codedError('UNAVAILABLE', `${whyUnavailable(error)}: try again later`);
  }
  if (isTransient(error)) {
    return codedError('DATABASE_UNREACHABLE', 'the database cannot be reached: try again later');
  }
  return error;
}
