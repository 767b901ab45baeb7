import { type Account, evolveAccount } from '../../src/contexts/accounts/account.ts';
import type { StoredAccountEvent } from '../../src/contexts/accounts/events.ts';
import { entityIdOf } from '../../src/kernel/decider.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';

/** Every account as a plain fold of the log has it. */
export function foldAccounts(events: readonly StoredEvent[]): ReadonlyMap<string, Account> {
  const accounts = new Map<string, Account>();
  for (const event of events) {
    const id = entityIdOf(event.streamId);
    accounts.set(id, evolveAccount(accounts.get(id) ?? null, event as StoredAccountEvent));
  }
  return accounts;
}
