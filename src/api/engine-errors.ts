import {
  BusyError,
  ContentionError,
  OrderBrokenError,
  OutcomeUnknownError,
  OverloadedError,
  StoppedError,
  UnavailableError,
} from '../commands/errors.ts';
import { UpgradeNeededError } from '../kernel/upgrade-needed.ts';
import { GateFullError } from '../lib/fair-gate.ts';
import { ArchivedError, isTransient, LogReplacedError } from '../log/errors.ts';
import { SealBrokenError } from '../personal/seal.ts';
import { isDiskFull, isReadOnly, isStatementTimeout, whyUnavailable } from '../postgres/errors.ts';
import { ViewHistoryThinnedError, ViewNotReadableError } from '../views/errors.ts';
import { clientStatementTimeoutMs } from './client-reads.ts';
import { codedError } from './errors.ts';

const codedErrors = [
  ArchivedError,
  BusyError,
  ContentionError,
  GateFullError,
  LogReplacedError,
  OrderBrokenError,
  OutcomeUnknownError,
  OverloadedError,
  SealBrokenError,
  StoppedError,
  UnavailableError,
  UpgradeNeededError,
  ViewHistoryThinnedError,
  ViewNotReadableError,
] as const;

/** The coded error that a client receives for an engine error. Other errors are returned as is. */
export function toApiError(error: unknown): unknown {
  for (const kind of codedErrors) {
    if (error instanceof kind) return codedError(error.code, error.message);
  }
  if (isStatementTimeout(error)) {
    return codedError(
      'QUERY_TIMEOUT',
      `the query was stopped after ${clientStatementTimeoutMs / 1_000} s: request less data`,
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
