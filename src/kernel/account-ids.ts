/**
 * The ids of the accounts that a JSON value names: the texts in its members `accountId` and in
 * those whose names end with `AccountId`, at any depth.
 */
export function accountIdsIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member !== 'string') accountIdsIn(member, found);
    else if (name === 'accountId' || name.endsWith('AccountId')) found.add(member);
  }
  return found;
}

/** The id of the account to which a stream belongs; null if it is not the stream of an account. */
export function accountIdOf(streamId: string): string | null {
  return streamId.startsWith(accountPrefix) ? streamId.slice(accountPrefix.length) : null;
}

/** The stream of an account. */
export function accountStreamOf(accountId: string): string {
  return accountPrefix + accountId;
}

const accountPrefix = 'account-';
