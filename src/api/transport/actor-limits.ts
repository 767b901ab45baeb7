import type { Role } from '../../kernel/role.ts';

/** What one actor may do. Infinity: there is no limit. */
export interface RoleLimits {
  /** Commands on average; each root field of a mutation is one. */
  readonly commandsPerSecond: number;
  /** Cost units on average; `operation-charges.ts` says what costs how much. */
  readonly costPerSecond: number;
  /** Queries and mutations that run at the same time, over all connections. */
  readonly operationsPerActorMax: number;
  /** Subscriptions that are open at the same time, over all connections. */
  readonly subscriptionsPerActorMax: number;
}

/** The limits of actors, by their roles. */
export interface ActorLimits {
  readonly byRole: Readonly<Record<Role, RoleLimits>>;
  /** What an actor has not used of its rates is kept for this long, and can be used at once. */
  readonly burstSeconds: number;
}

const unlimited: RoleLimits = {
  commandsPerSecond: Number.POSITIVE_INFINITY,
  costPerSecond: Number.POSITIVE_INFINITY,
  operationsPerActorMax: Number.POSITIVE_INFINITY,
  subscriptionsPerActorMax: Number.POSITIVE_INFINITY,
};

/** Staff and systems are trusted; customers share one server among thousands. */
export const defaultActorLimits: ActorLimits = {
  byRole: {
    CUSTOMER: {
      commandsPerSecond: 500,
      costPerSecond: 50_000,
      operationsPerActorMax: 2_000,
      subscriptionsPerActorMax: 10_000,
    },
    OPERATOR: unlimited,
    MARKET: unlimited,
    AUDITOR: unlimited,
    ADMIN: unlimited,
  },
  burstSeconds: 10,
};

/** The limits of an actor with some roles: of each limit, the most generous of its roles. */
export function limitsOf({ byRole }: ActorLimits, roles: readonly Role[]): RoleLimits {
  const own = roles.length === 0 ? [byRole.CUSTOMER] : roles.map((role) => byRole[role]);
  const most = (name: keyof RoleLimits) => Math.max(...own.map((limits) => limits[name]));
  return {
    commandsPerSecond: most('commandsPerSecond'),
    costPerSecond: most('costPerSecond'),
    operationsPerActorMax: most('operationsPerActorMax'),
    subscriptionsPerActorMax: most('subscriptionsPerActorMax'),
  };
}
