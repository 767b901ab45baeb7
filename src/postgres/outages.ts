import type { Logger, LogLine } from '../lib/logger.ts';
import { isConnectionLost, isDiskFull, isReadOnly, toOneLine } from './errors.ts';

/** Reports what keeps the database from working: once when it begins, each minute, at its end. */
export interface Outages {
  /** Drops the lines whose `err` belongs to an outage, and counts them; passes on all others. */
  readonly logger: Logger;
  /** A statement has failed; one that failed for another reason than an outage is ignored. */
  failed(error: unknown, statement: string): void;
  /** A statement has been answered. */
  worked(statement: string): void;
}

type Kind = 'unreachable' | 'disk-full' | 'read-only';

const sentences: Readonly<Record<Kind, { readonly begun: string; readonly over: string }>> = {
  unreachable: {
    begun: 'the database cannot be reached',
    over: 'the database can be reached again',
  },
  'disk-full': {
    begun: 'the disk of the database is full: nothing can be recorded',
    over: 'the disk of the database has room again',
  },
  'read-only': {
    begun: 'the database is read-only: nothing can be recorded',
    over: 'the database can be written again',
  },
};

interface Outage {
  readonly begunAt: number;
  /** Those that have failed; empty while none is known by name. */
  readonly statements: Set<string>;
  failures: number;
  failedAt: number;
  reportedAt: number;
}

const reportMs = 60_000;
/** An outage is over after this long without a failure: a flapping line is one outage. */
const quietMs = 2_500;

export function createOutages(log: Logger): Outages {
  const outages = new Map<Kind, Outage>();

  function fail(error: unknown, statement: string | null): boolean {
    const kind = kindOf(error);
    if (kind === null) return false;
    const now = performance.now();
    const known = outages.get(kind);
    const outage = known ?? begin(now);
    if (statement !== null) outage.statements.add(statement);
    outage.failures += 1;
    outage.failedAt = now;
    outages.set(kind, outage);
    if (known !== undefined && now - outage.reportedAt < reportMs) return true;
    outage.reportedAt = now;
    const { failures } = outage;
    const since = known === undefined ? {} : { seconds: secondsSince(outage.begunAt), failures };
    log.error({ reason: toReason(error), ...since }, sentences[kind].begun);
    return true;
  }

  function worked(statement: string): void {
    for (const [kind, outage] of outages) {
      const { statements, begunAt, failures, failedAt } = outage;
      if (performance.now() - failedAt < quietMs) continue;
      // A read says nothing about whether there is room for a write.
      if (kind !== 'unreachable' && statements.size > 0 && !statements.has(statement)) continue;
      outages.delete(kind);
      log.warn({ seconds: secondsSince(begunAt), failures }, sentences[kind].over);
    }
  }

  const calm =
    (write: LogLine): LogLine =>
    (fields, message) => {
      if (!('err' in fields) || !fail(fields.err, null)) write(fields, message);
    };
  return {
    logger: {
      debug: (fields, message) => log.debug(fields, message),
      info: (fields, message) => log.info(fields, message),
      warn: calm((fields, message) => log.warn(fields, message)),
      error: calm((fields, message) => log.error(fields, message)),
    },
    failed: fail,
    worked(statement) {
      if (outages.size > 0) worked(statement);
    },
  };
}

function begin(now: number): Outage {
  return { begunAt: now, statements: new Set(), failures: 0, failedAt: now, reportedAt: now };
}

function kindOf(error: unknown): Kind | null {
  if (isDiskFull(error)) return 'disk-full';
  if (isReadOnly(error)) return 'read-only';
  if (isConnectionLost(error)) return 'unreachable';
  return error instanceof Error && error.cause !== undefined ? kindOf(error.cause) : null;
}

/** The reason alone: the sentence before it already says what it has led to. */
function toReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? toOneLine(error) : toReason(cause);
}

function secondsSince(begunAt: number): number {
  return Math.round((performance.now() - begunAt) / 1_000);
}
