import type { TransportLimits } from './transport-limits.ts';

/** A maximum count for each key, such as an address. */
interface Quota {
  /** Counts one for a key and returns the function that undoes it; null at the maximum. */
  take(key: string): (() => void) | null;
}

/** Limits the WebSockets and event streams that one actor and one address may have open. */
export interface Quotas {
  readonly ofActor: Quota;
  readonly ofAddress: Quota;
}

/** Creates the quotas. Actors are not counted without authentication: all are the same actor. */
export function createQuotas(limits: TransportLimits, isAuthenticated: boolean): Quotas {
  return {
    ofActor: isAuthenticated ? createQuota(limits.socketsPerActorMax) : { take: () => () => {} },
    ofAddress: createQuota(limits.socketsPerAddressMax),
  };
}

function createQuota(max: number): Quota {
  const tally = createTally();
  return { take: (key) => tally.take(key, max) };
}

/** A count for each key. A key whose count is 0 takes no memory. */
interface Tally {
  count(key: string): number;
  /** Counts one for a key and returns the function that undoes it; null if there are `max`. */
  take(key: string, max: number): (() => void) | null;
}

export function createTally(): Tally {
  const taken = new Map<string, number>();

  function giveBack(key: string): void {
    const rest = (taken.get(key) ?? 0) - 1;
    if (rest > 0) taken.set(key, rest);
    else taken.delete(key);
  }

  return {
    count: (key) => taken.get(key) ?? 0,
    take(key, max) {
      const count = taken.get(key) ?? 0;
      if (count >= max) return null;
      taken.set(key, count + 1);
      let isTaken = true;
      return () => {
        if (isTaken) giveBack(key);
        isTaken = false;
      };
    },
  };
}
