import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Database, Executor } from './database.ts';
import { type Lease, type LeaseKind, releaseLeases, renewLeases } from './leases.ts';

export interface LeadershipOptions {
  /** A connection of its own is taken from here for the work. */
  readonly database: Database;
  /** Leases are taken and renewed over this one, so that no statement of the work delays that. */
  readonly keeper: Database;
  readonly kind: LeaseKind;
  /** A UUID of whoever leads: it may take up its own leases again before they expire. */
  readonly holder: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The right of one process to lead some things of a kind. */
export interface Leadership {
  /** Fires when the right ends: it is not renewed in time, the connection is lost, or stopping. */
  readonly signal: AbortSignal;
  /** Tries to take the right to lead these; gives those for which it is held now. */
  take(ids: readonly number[]): Promise<ReadonlySet<number>>;
}

/** By the clock of the database: after this long without a renewal another process may lead. */
const ttlMs = 5_000;
const renewMs = 1_000;
/** By the clock of this process, from the moment at which the last renewal was sent. */
const leadMs = 4_000;
const releaseMs = 1_000;

/**
 * Runs work that leads things by leases: rows that expire, so that whoever is cut off from the
 * database stops leading before another process begins. Leases are renewed while the work runs, and
 * released when it ends. They decide who does the work; that nothing is done twice is held by the
 * checkpoint that each step of the work compares and sets.
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
  const { keeper, kind, holder, logger } = options;
  const over = new AbortController();
  const held = new Map<number, Lease>();
  let renewing: Promise<void> | null = null;
  let failure: unknown = null;
  let expiry: NodeJS.Timeout | undefined;

  function letGo(reason: string): void {
    if (over.signal.aborted) return;
    over.abort();
    if (options.signal.aborted) return;
    const fields = failure === null ? { kind, reason } : { kind, reason, err: failure };
    logger.warn(fields, 'this process has lost its leadership');
  }
  function holdUntil(sentAt: number): void {
    clearTimeout(expiry);
    const leftMs = Math.max(0, sentAt + leadMs - performance.now());
    expiry = setTimeout(letGo, leftMs, 'a lease could not be renewed in time');
  }
  async function renew(): Promise<void> {
    const sentAt = performance.now();
    const leases = [...held.values()];
    const claim = { kind, holder, ids: leases.map(({ id }) => id) };
    const renewed = await renewLeases(keeper, claim, ttlMs);
    const isHeld = ({ id, epoch }: Lease): boolean =>
      renewed.some((lease) => lease.id === id && lease.epoch === epoch);
    failure = null;
    if (leases.every(isHeld)) holdUntil(sentAt);
    else letGo('another process has taken a lease');
  }
  const timer = setInterval(() => {
    if (held.size === 0 || over.signal.aborted) return;
    renewing ??= renew()
      .catch((error: unknown) => {
        // Not the end yet: the next renewal may still be in time.
        failure = error;
      })
      .finally(() => {
        renewing = null;
      });
  }, renewMs);

  return {
    signal: AbortSignal.any([lost, options.signal, over.signal]),
    async take(ids) {
      const wanted = ids.filter((id) => !held.has(id));
      if (wanted.length > 0) {
        const sentAt = performance.now();
        const taken = await renewLeases(keeper, { kind, holder, ids: wanted }, ttlMs);
        if (held.size === 0 && taken.length > 0) holdUntil(sentAt);
        for (const lease of taken) held.set(lease.id, lease);
      }
      return new Set(ids.filter((id) => held.has(id)));
    },
    async end() {
      clearInterval(timer);
      clearTimeout(expiry);
      over.abort();
      const ids = [...held.keys()];
      if (ids.length === 0) return;
      const release = async (): Promise<void> => {
        // A renewal that came after it would undo it.
        await renewing;
        await releaseLeases(keeper, { kind, ids, holder });
      };
      // Without the database they expire by themselves: nobody waits for it.
      const released = release().catch(() => {});
      await unlessAborted(released, AbortSignal.timeout(releaseMs));
    },
  };
}
