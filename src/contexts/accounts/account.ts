import type { Access } from '../../kernel/account-rights.ts';
import type { Decider } from '../../kernel/decider.ts';
import { entityIdOf } from '../../kernel/decider.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import { add, subtract } from '../../lib/decimal.ts';
import { uuidFault } from '../../lib/uuid.ts';
import type { AccountStatus } from './account-status.ts';
import { minorUnitsOf } from './currencies.ts';
import type { AccountEvent, StoredAccountEvent } from './events.ts';
import { evolveHoldings, type Holdings } from './holdings.ts';
import { evolveMarkets, type Markets, noMarkets } from './markets.ts';

/** The state of an account. Amounts have all the digits of the currency's minor unit. */
export type Account = {
  readonly id: string;
  readonly owner: string;
  readonly currency: string;
  /** All cash in the account, including reserved cash. */
  readonly balance: string;
  /** The part of `balance` that is reserved. */
  readonly held: string;
  readonly status: AccountStatus;
  readonly version: number;
  readonly sequence: number;
  readonly openedAt: string;
  readonly updatedAt: string;
  /** Whom the owner has let in, in the order of time; each actor at most once. */
  readonly grants: readonly Grant[];
};

/** The access that an actor was given to an account. */
export type Grant = {
  readonly actor: string;
  readonly access: Access;
  readonly grantedBy: string;
  readonly grantedAt: string;
};

/** The state on which commands are decided. It adds the shares, and where orders may be open. */
export type AccountState = Account & Markets & { readonly holdings: Holdings };

/** The decider of one account. The state is null until the account is opened. */
export const accountDecider: Decider<AccountState | null, AccountEvent> = {
  category: 'account',
  idFault: uuidFault,
  version: 4,
  initial: null,
  evolve(state, event) {
    const known = event as StoredAccountEvent;
    const account = evolveAccount(state, known);
    const holdings = evolveHoldings(state?.holdings ?? {}, known);
    return toState(account, holdings, evolveMarkets(state ?? noMarkets, known));
  },
};

/** Every event copies the state, so the members are named: a spread takes many times as long. */
function toState(
  account: Account,
  holdings: Holdings,
  { markets, olderOrders }: Markets,
): AccountState {
  return {
    id: account.id,
    owner: account.owner,
    currency: account.currency,
    balance: account.balance,
    held: account.held,
    status: account.status,
    version: account.version,
    sequence: account.sequence,
    openedAt: account.openedAt,
    updatedAt: account.updatedAt,
    grants: account.grants,
    holdings,
    markets,
    olderOrders,
  };
}

/** The account after its next event. The first event must be AccountOpened. */
export function evolveAccount(account: Account | null, event: StoredAccountEvent): Account {
  if (event.type === 'AccountOpened') return opened(event);
  if (account === null)
    throw new Error(`${event.streamId} begins with ${event.type}, not with AccountOpened`);
  const change = changeOf(account, event);
  const { balance = account.balance, held = account.held, status = account.status } = change;
  return {
    id: account.id,
    owner: account.owner,
    currency: account.currency,
    balance,
    held,
    status,
    version: event.version,
    sequence: event.sequence,
    openedAt: account.openedAt,
    updatedAt: event.recordedAt,
    grants: change.grants ?? account.grants,
  };
}

/** The cash that is not reserved, in the account's currency. */
export function availableOf({ balance, held, currency }: Account): string {
  return subtract(balance, held, digitsOf(currency));
}

function opened(event: Extract<StoredAccountEvent, { type: 'AccountOpened' }>): Account {
  const { owner, currency } = event.data;
  const zero = add('0', '0', digitsOf(currency));
  return {
    id: entityIdOf(event.streamId),
    owner,
    currency,
    balance: zero,
    held: zero,
    status: 'OPEN',
    version: event.version,
    sequence: event.sequence,
    openedAt: event.occurredAt,
    updatedAt: event.recordedAt,
    grants: [],
  };
}

function changeOf(account: Account, event: StoredAccountEvent): Partial<Account> {
  const digits = digitsOf(account.currency);
  switch (event.type) {
    case 'CashDeposited':
    case 'CashTransferredIn':
    case 'InterestCredited':
      return { balance: add(account.balance, event.data.amount, digits) };
    case 'CashWithdrawn':
    case 'CashTransferredOut':
      return { balance: subtract(account.balance, event.data.amount, digits) };
    case 'CashHeld':
      return { held: add(account.held, event.data.amount, digits) };
    case 'CashReleased':
      return { held: subtract(account.held, event.data.amount, digits) };
    case 'PurchaseSettled': {
      const { amount, fee, released } = event.data;
      return {
        balance: subtract(subtract(account.balance, amount, digits), fee, digits),
        held: subtract(account.held, released, digits),
      };
    }
    case 'SaleSettled': {
      const { amount, fee } = event.data;
      return { balance: subtract(add(account.balance, amount, digits), fee, digits) };
    }
    case 'SharesDeposited':
    case 'SharesHeld':
    case 'SharesReleased':
      return {};
    case 'AccessGranted':
      return { grants: [...grantsWithout(account, event.data.grantee), toGrant(event)] };
    case 'AccessRevoked':
      return { grants: grantsWithout(account, event.data.grantee) };
    case 'AccountFrozen':
      return { status: 'FROZEN' };
    case 'AccountUnfrozen':
      return { status: 'OPEN' };
    case 'AccountClosed':
      return { status: 'CLOSED' };
    case 'AccountOpened':
      throw new Error(`${event.streamId} has a second AccountOpened`);
    default:
      return throwUpgradeNeeded(event);
  }
}

function grantsWithout({ grants }: Account, actor: string): readonly Grant[] {
  return grants.filter((grant) => grant.actor !== actor);
}

function toGrant(event: Extract<StoredAccountEvent, { type: 'AccessGranted' }>): Grant {
  const { grantee, access } = event.data;
  return { actor: grantee, access, grantedBy: event.actor, grantedAt: event.recordedAt };
}

function digitsOf(currency: string): number {
  const digits = minorUnitsOf(currency);
  if (digits === null) throw new Error(`${currency} is not an ISO 4217 code`);
  return digits;
}
