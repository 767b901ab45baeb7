import type { TransportLimits } from './transport-limits.ts';

/** Places that are counted by key, such as those of one address. */
export interface Quota {
  /** Takes a place for a key; the function gives it back. Null: the key has all of its places. */
  take(key: string): (() => void) | null;
}

/** Bounds what one actor and one address may have open, WebSockets and event streams together. */
export interface Quotas {
  readonly ofActor: Quota;
  readonly ofAddress: Quota;
}

/** Without authentication everyone is the same actor, so that actors are not counted. */
export function createQuotas(limits: TransportLimits, isAuthenticated: boolean): Quotas {
  return {
    ofActor: isAuthenticated ? createQuota(limits.socketsPerActorMax) : { take: () => () => {} },
    ofAddress: createQuota(limits.socketsPerAddressMax),
  };
}

function createQuota(max: number): Quota {
  const taken = new Map<string, number>();

  function giveBack(key: string): void {
    const rest = (taken.get(key) ?? 0) - 1;
    if (rest > 0) taken.set(key, rest);
    else taken.delete(key);
  }

  return {
    take(key) {
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
