import type { Logger, LogLine } from '../lib/logger.ts';
import { isConnectionLost, isDiskFull, isReadOnly, toOneLine } from './errors.ts';

/** Logs each outage of the database: one line at its beginning, one each minute, one at its end. */
export interface Outages {
  /** Drops the lines whose `err` belongs to an outage, and counts them; passes on all others. */
  readonly logger: Logger;
  /** Reports that a statement failed. An error that does not indicate an outage is ignored. */
  failed(error: unknown, statement: string): void;
  /** Reports that a statement succeeded. */
  worked(statement: string): void;
}

type Kind = 'unreachable' | 'disk-full' | 'read-only';

const sentences: Readonly<Record<Kind, { readonly begun: string; readonly over: string }>> = {
  unreachable: {
    begun: 'the connection to the database is lost',
    over: 'the connection to the database is restored',
  },
  'disk-full': {
    begun: 'the disk of the database is full: nothing can be recorded',
    over: 'the disk of the database has free space again',
  },
  'read-only': {
    begun: 'the database is read-only: nothing can be recorded',
    over: 'the database is writable again',
  },
};

interface Outage {
  readonly begunAt: number;
  /** The names of the statements that failed; empty while none is known. */
  readonly statements: Set<string>;
  failures: number;
  failedAt: number;
  reportedAt: number;
}

const reportMs = 60_000;
/** An outage is over after this long without a failure: a flapping connection is one outage. */
const quietMs = 2_500;

/** Creates a report of outages. `now` is a clock in milliseconds that never goes back. */
export function createOutages(log: Logger, now = () => performance.now()): Outages {
  const outages = new Map<Kind, Outage>();
  const secondsSince = ({ begunAt }: Outage): number => Math.round((now() - begunAt) / 1_000);

  function fail(error: unknown, statement: string | null): boolean {
    const kind = kindOf(error);
    if (kind === null) return false;
    const failedAt = now();
    const known = outages.get(kind);
    const outage = known ?? begin(failedAt);
    if (statement !== null) outage.statements.add(statement);
    outage.failures += 1;
    outage.failedAt = failedAt;
    outages.set(kind, outage);
    if (known !== undefined && failedAt - outage.reportedAt < reportMs) return true;
    outage.reportedAt = failedAt;
    const { failures } = outage;
    const since = known === undefined ? {} : { seconds: secondsSince(outage), failures };
    log.error({ reason: toReason(error), ...since }, sentences[kind].begun);
    return true;
  }

  function worked(statement: string): void {
    for (const [kind, outage] of outages) {
      const { statements, failures, failedAt } = outage;
      if (now() - failedAt < quietMs) continue;
      if (statements.size > 0 && !proves(kind, statement) && !statements.has(statement)) continue;
      outages.delete(kind);
      log.warn({ seconds: secondsSince(outage), failures }, sentences[kind].over);
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

/** Whether a success ends an outage. A read does not prove that writes work; lease renewals do. */
function proves(kind: Kind, statement: string): boolean {
  return kind === 'unreachable' || (kind === 'read-only' && statement === 'hold_leases');
}

function begin(at: number): Outage {
  return { begunAt: at, statements: new Set(), failures: 0, failedAt: at, reportedAt: at };
}

function kindOf(error: unknown): Kind | null {
  if (isDiskFull(error)) return 'disk-full';
  if (isReadOnly(error)) return 'read-only';
  if (isConnectionLost(error)) return 'unreachable';
  return error instanceof Error && error.cause !== undefined ? kindOf(error.cause) : null;
}

/** Only the innermost cause: the log message already says what it led to. */
function toReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? toOneLine(error) : toReason(cause);
}
