import { type AccountState, accountDecider } from '../../src/contexts/accounts/account.ts';
import { entityIdOf } from '../../src/kernel/decider.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';

/** Every account, from a plain fold of the log. */
export function foldAccounts(events: readonly StoredEvent[]): ReadonlyMap<string, AccountState> {
  const accounts = new Map<string, AccountState>();
  for (const event of events) {
    const id = entityIdOf(event.streamId);
    const account = accountDecider.evolve(accounts.get(id) ?? null, event as never);
    if (account !== null) accounts.set(id, account);
  }
  return accounts;
}
