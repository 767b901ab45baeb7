import { CommandHandler, isExpectedVersionConflictError } from '@event-driven-io/emmett';

/** A cash account as Emmett's guide writes one: state, evolve, decide. Amounts in cents. */
const initialState = () => ({ status: 'NONE', cents: 0n });

function evolve(account, { type, data }) {
  switch (type) {
    case 'AccountOpened':
      return { status: 'OPEN', cents: 0n };
    case 'CashDeposited':
      return { ...account, cents: account.cents + toCents(data.amount) };
    default:
      return account;
  }
}

/** What depositing records; throws `AccountNotFound`. */
export function deposit(amount) {
  return ({ status }) => {
    if (status !== 'OPEN') throw new AccountNotFound('there is no such account');
    return { type: 'CashDeposited', data: { amount, currency: 'USD', reference: null } };
  };
}

export class AccountNotFound extends Error {
  code = 'ACCOUNT_NOT_FOUND';
}

export const accountOpened = { type: 'AccountOpened', data: { owner: 'bench', currency: 'USD' } };
export const toStreamName = (id) => `account-${id}`;

/** Retries a version conflict sooner than Emmett's own 100 ms, in Emmett's favour. */
export const handle = CommandHandler({
  evolve,
  initialState,
  mapToStreamId: toStreamName,
  retry: {
    onVersionConflict: {
      retries: 10,
      minTimeout: 1,
      factor: 1.5,
      shouldRetryError: isExpectedVersionConflictError,
    },
  },
});

export function toAmount(cents) {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function toCents(amount) {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(2, '0'));
}
