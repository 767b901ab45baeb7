import type { GraphQLError } from 'graphql';
import type { TokenBucket } from 'limiter';
import { LRUCache } from 'lru-cache';
import type { Caller, Role } from '../../kernel/role.ts';
import { type ActorLimits, limitsOf, type RoleLimits } from './actor-limits.ts';
import { createTally } from './quotas.ts';
import { rateLimited } from './rate-limited.ts';
import { createBucket, createFullBucket, take, takeLater, waitMsOf } from './token-buckets.ts';

/** What something takes from the rates of an actor. */
interface Charge {
  readonly commands: number;
  readonly cost: number;
}

/** Holds actors to their limits, over all connections and transports of this server. */
export interface ActorLimiter {
  /** Takes a charge from the rates of the caller, or returns RATE_LIMITED and takes nothing. */
  charge(caller: Caller, charge: Charge): GraphQLError | null;
  /**
   * Takes the cost of a frame as soon as the rate of the caller allows it; null: it did at once.
   * When the signal fires, it takes nothing more and resolves.
   */
  chargeFrame(caller: Caller, cost: number, signal: AbortSignal): Promise<void> | null;
  /** RATE_LIMITED if the caller may not begin another operation or subscription now. */
  busy(caller: Caller, kind: RunningKind): GraphQLError | null;
  /** Counts one that begins, until `end` is called; or returns RATE_LIMITED. */
  begin(caller: Caller, kind: RunningKind): { readonly end: () => void } | GraphQLError;
  /**
   * Counts a refusal, and returns for how long the transport should hold the caller back, at most
   * a second. It is 0 unless the caller keeps sending what is refused.
   */
  refusalPauseMs(caller: Caller): number;
}

type RunningKind = 'operations' | 'subscriptions';

/** The rates of one actor; null: there is no limit. */
interface Buckets {
  readonly commands: TokenBucket | null;
  readonly cost: TokenBucket | null;
  readonly refusals: TokenBucket;
}

/** The limits of actors with the same roles. */
interface Tier {
  readonly limits: RoleLimits;
  readonly hasRates: boolean;
  readonly name: string;
}

/**
 * The actors whose rates are remembered. One that was idle for longer than all of these begins
 * with full rates, which it would have by then in any case.
 */
const actorsMax = 50_000;

/**
 * A client that does not wait after a refusal is answered faster than with results, and so sends
 * more. Without a pause, 50 such connections of one actor made the median of another one rise from
 * 2.4 to 41 ms (2 cores, November 2026).
 */
const refusalsPerSecond = 50;
const refusalPauseMaxMs = 1_000;

/**
 * Creates the limiter. A rate is a token bucket: it holds what can be used at once, and fills at
 * the rate.
 */
export function createActorLimiter(limits: ActorLimits): ActorLimiter {
  const { tierOf, bucketsOf } = createRates(limits);
  const running = { operations: createTally(), subscriptions: createTally() };

  function maxOf(tier: Tier, kind: RunningKind): number {
    const { operationsPerActorMax, subscriptionsPerActorMax } = tier.limits;
    return kind === 'operations' ? operationsPerActorMax : subscriptionsPerActorMax;
  }

  return {
    charge(caller, charge) {
      const tier = tierOf(caller.roles);
      if (!tier.hasRates) return null;
      const { commands, cost } = bucketsOf(caller, tier);
      const commandsWaitMs = waitMsOf(commands, charge.commands);
      if (commandsWaitMs > 0) {
        const { commandsPerSecond: rate } = tier.limits;
        return rateLimited(`send ${rate} commands per second`, commandsWaitMs);
      }
      const costWaitMs = waitMsOf(cost, charge.cost);
      if (costWaitMs > 0) {
        const { costPerSecond: rate } = tier.limits;
        const rule = `use ${rate} cost units per second, and this takes ${charge.cost}`;
        return rateLimited(rule, costWaitMs);
      }
      take(commands, charge.commands);
      take(cost, charge.cost);
      return null;
    },
    chargeFrame(caller, cost, signal) {
      const tier = tierOf(caller.roles);
      const bucket = tier.hasRates ? bucketsOf(caller, tier).cost : null;
      if (waitMsOf(bucket, cost) > 0) return takeLater(bucket, cost, signal);
      take(bucket, cost);
      return null;
    },
    busy(caller, kind) {
      const max = maxOf(tierOf(caller.roles), kind);
      return running[kind].count(caller.actor) >= max ? tooMany(kind, max) : null;
    },
    begin(caller, kind) {
      const max = maxOf(tierOf(caller.roles), kind);
      const end = running[kind].take(caller.actor, max);
      return end === null ? tooMany(kind, max) : { end };
    },
    refusalPauseMs(caller) {
      const { refusals } = bucketsOf(caller, tierOf(caller.roles));
      const ms = refusals.getWaitTime(1);
      if (ms < refusalPauseMaxMs) take(refusals, 1);
      return Math.min(ms, refusalPauseMaxMs);
    },
  };
}

function createRates(limits: ActorLimits) {
  const tiers = new WeakMap<readonly Role[], Tier>();
  const buckets = new LRUCache<string, Buckets>({ max: actorsMax });
  return {
    tierOf(roles: readonly Role[]): Tier {
      const known = tiers.get(roles);
      if (known !== undefined) return known;
      const own = limitsOf(limits, roles);
      const { commandsPerSecond, costPerSecond } = own;
      const hasRates = Number.isFinite(commandsPerSecond) || Number.isFinite(costPerSecond);
      const tier = { limits: own, hasRates, name: roles.join(' ') };
      tiers.set(roles, tier);
      return tier;
    },
    /** Tokens of one actor can differ in their roles: each set of roles has separate rates. */
    bucketsOf({ actor }: Caller, { limits: own, name }: Tier): Buckets {
      const key = `${name}\n${actor}`;
      const known = buckets.get(key);
      if (known !== undefined) return known;
      const { burstSeconds } = limits;
      const created = {
        commands: createBucket(own.commandsPerSecond, burstSeconds),
        cost: createBucket(own.costPerSecond, burstSeconds),
        refusals: createFullBucket(refusalsPerSecond, 1),
      };
      buckets.set(key, created);
      return created;
    },
  };
}

function tooMany(kind: RunningKind, max: number): GraphQLError {
  return rateLimited(`have ${max} ${kind} at once`, 0);
}
