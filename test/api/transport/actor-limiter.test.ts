import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActorLimiter } from '../../../src/api/transport/actor-limiter.ts';
import {
  type ActorLimits,
  defaultActorLimits,
  limitsOf,
  type RoleLimits,
} from '../../../src/api/transport/actor-limits.ts';
import type { Role } from '../../../src/kernel/role.ts';

const none = Number.POSITIVE_INFINITY;

function limits(customer: Partial<RoleLimits>, others: Partial<ActorLimits['byRole']> = {}) {
  const { byRole } = defaultActorLimits;
  const own = { ...byRole.AUDITOR, ...customer };
  return { byRole: { ...byRole, CUSTOMER: own, ...others }, burstSeconds: 5 };
}

const ada = { actor: 'ada', roles: ['CUSTOMER'] as const };
const bob = { actor: 'bob', roles: ['CUSTOMER'] as const };
const command = { commands: 1, cost: 60 };

describe('the limits of an actor', () => {
  it('are the most generous of its roles, each for itself', () => {
    const { byRole } = defaultActorLimits;
    const market = { ...byRole.MARKET, commandsPerSecond: 20, costPerSecond: 5 };
    const all = limits({ commandsPerSecond: 10, costPerSecond: 70 }, { MARKET: market });
    expect(limitsOf(all, ['CUSTOMER', 'MARKET'])).toMatchObject({
      commandsPerSecond: 20,
      costPerSecond: 70,
    });
    expect(limitsOf(all, ['CUSTOMER', 'AUDITOR']).commandsPerSecond).toBe(none);
    expect(limitsOf(all, []).commandsPerSecond).toBe(10);
  });

  it('bound customers by default, and no staff and no system', () => {
    const staff: readonly Role[] = ['OPERATOR', 'MARKET', 'AUDITOR', 'ADMIN'];
    for (const role of staff) {
      expect(Object.values(limitsOf(defaultActorLimits, [role]))).toEqual([none, none, none, none]);
    }
    const customer = Object.values(limitsOf(defaultActorLimits, ['CUSTOMER']));
    for (const limit of customer) expect(limit).toBeLessThan(none);
  });
});

describe('the rates of an actor', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('allow a burst, then the rate', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 2 }));
    for (let sent = 0; sent < 10; sent += 1) expect(limiter.charge(ada, command)).toBeNull();
    expect(limiter.charge(ada, command)).toMatchObject({
      message: 'this actor may send 2 commands per second: try again in 1 s',
      extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
    });
    vi.advanceTimersByTime(1_000);
    expect(limiter.charge(ada, command)).toBeNull();
    expect(limiter.charge(ada, command)).toBeNull();
    expect(limiter.charge(ada, command)).not.toBeNull();
  });

  it('are of one actor: another one has its own', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 2 }));
    expect(limiter.charge(ada, { commands: 10, cost: 1 })).toBeNull();
    expect(limiter.charge(ada, command)).not.toBeNull();
    expect(limiter.charge(bob, { commands: 10, cost: 1 })).toBeNull();
  });

  it('say exactly when there is enough, and take nothing before', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 2, costPerSecond: 100 }));
    expect(limiter.charge(ada, { commands: 10, cost: 400 })).toBeNull();
    expect(limiter.charge(ada, { commands: 7, cost: 1 })?.extensions['retryAfter']).toBe(4);
    for (let tried = 0; tried < 50; tried += 1) limiter.charge(ada, { commands: 7, cost: 1 });
    expect(limiter.charge(ada, { commands: 0, cost: 101 })?.message).toBe(
      'this actor may use 100 cost units per second, and this takes 101: try again in 1 s',
    );
    vi.advanceTimersByTime(3_500);
    expect(limiter.charge(ada, { commands: 7, cost: 1 })).toBeNull();
  });

  it('take more than a burst from a full one, and wait longer for the next', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 2 }));
    expect(limiter.charge(ada, { commands: 50, cost: 1 })).toBeNull();
    expect(limiter.charge(ada, command)?.extensions['retryAfter']).toBe(21);
    expect(limiter.charge(ada, { commands: 50, cost: 1 })?.extensions['retryAfter']).toBe(25);
  });

  it('delay frames until there is enough, and let them go when they are aborted', async () => {
    const limiter = createActorLimiter(limits({ costPerSecond: 10 }));
    const { signal } = new AbortController();
    expect(limiter.chargeFrame(ada, 50, signal)).toBeNull();
    let made = 0;
    const frame = limiter.chargeFrame(ada, 20, signal)?.then(() => {
      made += 1;
    });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(made).toBe(0);
    await vi.advanceTimersByTimeAsync(150);
    expect(made).toBe(1);
    await frame;
    const abort = new AbortController();
    const aborted = limiter.chargeFrame(ada, 40, abort.signal);
    abort.abort();
    await aborted;
    expect(limiter.charge(ada, { commands: 0, cost: 10 })?.extensions['retryAfter']).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hold an actor back that keeps sending what is refused, at most a second', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 2 }));
    for (let sent = 0; sent < 50; sent += 1) expect(limiter.refusalPauseMs(ada)).toBe(0);
    expect(limiter.refusalPauseMs(ada)).toBe(20);
    for (let sent = 0; sent < 500; sent += 1) limiter.refusalPauseMs(ada);
    expect(limiter.refusalPauseMs(ada)).toBe(1_000);
    expect(limiter.refusalPauseMs(bob)).toBe(0);
    vi.advanceTimersByTime(2_000);
    expect(limiter.refusalPauseMs(ada)).toBe(0);
  });

  it('are not the same for tokens with other roles', () => {
    const limiter = createActorLimiter(limits({ commandsPerSecond: 1 }));
    const operator = { actor: 'ada', roles: ['CUSTOMER', 'OPERATOR'] as const };
    expect(limiter.charge(ada, { commands: 5, cost: 1 })).toBeNull();
    expect(limiter.charge(ada, command)).not.toBeNull();
    expect(limiter.charge(operator, { commands: 5_000, cost: 1e9 })).toBeNull();
    expect(limiter.charge(ada, command)).not.toBeNull();
  });
});

describe('what an actor has running', () => {
  it('is counted until it ends, once', () => {
    const limiter = createActorLimiter(
      limits({ operationsPerActorMax: 2, subscriptionsPerActorMax: 1 }),
    );
    const first = limiter.begin(ada, 'operations');
    limiter.begin(ada, 'operations');
    expect(limiter.begin(ada, 'operations')).toMatchObject({
      message: 'this actor may have 2 operations at once: try again in 1 s',
      extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
    });
    expect(limiter.busy(ada, 'operations')).not.toBeNull();
    expect(limiter.busy(ada, 'subscriptions')).toBeNull();
    expect(limiter.busy(bob, 'operations')).toBeNull();
    if (!('end' in first)) throw new Error('it has not begun');
    first.end();
    first.end();
    expect(limiter.begin(ada, 'operations')).toHaveProperty('end');
    expect(limiter.busy(ada, 'operations')).not.toBeNull();
  });
});

describe('the memory of a limiter', () => {
  it('does not grow with the number of actors', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const limiter = createActorLimiter(limits({ commandsPerSecond: 1, costPerSecond: 1 }));
    let actors = 0;
    function heapAfter(more: number): number {
      for (const end = actors + more; actors < end; actors += 1) {
        const caller = { actor: `actor ${actors}`.padEnd(128, '.'), roles: ada.roles };
        limiter.charge(caller, command);
        const begun = limiter.begin(caller, 'subscriptions');
        if ('end' in begun) begun.end();
      }
      collect();
      return process.memoryUsage().heapUsed / 1024 ** 2;
    }
    const before = heapAfter(0);
    const full = heapAfter(60_000);
    const later = heapAfter(300_000);
    expect(full - before).toBeLessThan(100);
    expect(later - full).toBeLessThan(10);
  }, 60_000);
});
