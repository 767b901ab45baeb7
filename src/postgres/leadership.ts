import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Database, Executor } from './database.ts';
import { type Claim, type Lease, type LeaseKind, releaseLeases, renewLeases } from './leases.ts';

export interface LeadershipOptions {
  /** Provides a separate connection for the work. */
  readonly database: Database;
  /** Takes and renews the leases, so that no statement of the work delays a renewal. */
  readonly keeper: Database;
  readonly kind: LeaseKind;
  /** The UUID of the leader, which may take its own leases again before they expire. */
  readonly holder: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The right of one process to lead certain things of one kind, such as views. */
export interface Leadership {
  /** Fires if a lease is not renewed in time, the connection is lost, or the work must stop. */
  readonly signal: AbortSignal;
  /** Fires only if the right is lost, even while the work stops: another process may lead. */
  readonly lost: AbortSignal;
  /**
   * Tries to take the leases of these things; returns the ids whose leases this process now holds.
   */
  take(ids: readonly number[]): Promise<ReadonlySet<number>>;
  /** Releases leases at once, so that another process can take them. */
  release(ids: readonly number[]): Promise<void>;
}

/** After this long without a renewal, by the clock of the database, another process may lead. */
const ttlMs = 5_000;
const renewMs = 1_000;
/** This process leads for this long, by its own clock, after it has sent the last renewal. */
const leadMs = 4_000;
const releaseMs = 1_000;

/**
 * Runs work that leads things by leases: rows that expire, so that a process that is cut off from
 * the database stops leading before another one begins. Leases are renewed while the work runs, and
 * released when it ends. Leases decide which process does the work. They do not guarantee that
 * nothing is done twice. The checkpoint guarantees that, because each step of the work compares and
 * sets it.
 */
export function withLeadership<T>(
  options: LeadershipOptions,
  work: (executor: Executor, leadership: Leadership) => Promise<T>,
): Promise<T> {
  return options.database.withConnection(async (executor, lost) => {
    const term = createTerm(options, lost);
    try {
      return await work(executor, term);
    } finally {
      await term.end();
    }
  });
}

interface Term extends Leadership {
  end(): Promise<void>;
}

function createTerm(options: LeadershipOptions, lost: AbortSignal): Term {
  const { keeper, kind, holder } = options;
  const over = new AbortController();
  const held = new Map<number, Lease>();
  let renewing: Promise<void> | null = null;
  let failure: unknown = null;
  let expiry: NodeJS.Timeout | undefined;

  function endTerm(reason: string): void {
    if (over.signal.aborted) return;
    over.abort();
    if (!options.signal.aborted) warn(options, reason, failure);
  }
  function holdUntil(sentAt: number): void {
    clearTimeout(expiry);
    const leftMs = Math.max(0, sentAt + leadMs - performance.now());
    expiry = setTimeout(endTerm, leftMs, 'a lease could not be renewed in time');
  }
  async function renew(): Promise<void> {
    const sentAt = performance.now();
    const leases = [...held.values()];
    const claim = { kind, holder, ids: leases.map(({ id }) => id) };
    const renewed = await renewLeases(keeper, claim, ttlMs);
    const isHeld = ({ id, epoch }: Lease): boolean =>
      renewed.some((lease) => lease.id === id && lease.epoch === epoch);
    failure = null;
    if (!leases.every(isHeld)) endTerm('another process has taken a lease');
    else if (held.size > 0) holdUntil(sentAt);
  }
  async function releaseHeld(ids: readonly number[]): Promise<void> {
    const own = ids.filter((id) => held.delete(id));
    if (held.size === 0) clearTimeout(expiry);
    if (own.length > 0) await releaseAfter(renewing, keeper, { kind, ids: own, holder });
  }
  const timer = setInterval(() => {
    if (held.size === 0 || over.signal.aborted) return;
    renewing ??= renew()
      .catch((error: unknown) => {
        // The leadership continues: the next renewal may still be in time.
        failure = error;
      })
      .finally(() => {
        renewing = null;
      });
  }, renewMs);

  return {
    signal: AbortSignal.any([lost, options.signal, over.signal]),
    lost: AbortSignal.any([lost, over.signal]),
    async take(ids) {
      const missing = ids.filter((id) => !held.has(id));
      if (missing.length > 0) {
        const sentAt = performance.now();
        const taken = await renewLeases(keeper, { kind, holder, ids: missing }, ttlMs);
        if (held.size === 0 && taken.length > 0) holdUntil(sentAt);
        for (const lease of taken) held.set(lease.id, lease);
      }
      return new Set(ids.filter((id) => held.has(id)));
    },
    release: releaseHeld,
    async end() {
      clearInterval(timer);
      over.abort();
      // The wait can be short: if the database is unreachable, the leases expire.
      await unlessAborted(releaseHeld([...held.keys()]), AbortSignal.timeout(releaseMs));
    },
  };
}

function warn({ kind, logger }: LeadershipOptions, reason: string, failure: unknown): void {
  const fields = failure === null ? { kind, reason } : { kind, reason, err: failure };
  logger.warn(fields, 'this process has lost its leadership');
}

/** Releases leases after the last renewal, which could otherwise undo the release; never throws. */
async function releaseAfter(
  renewing: Promise<void> | null,
  keeper: Database,
  claim: Claim,
): Promise<void> {
  await renewing;
  await releaseLeases(keeper, claim).catch(() => {});
}
