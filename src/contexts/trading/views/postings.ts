import type { StoredEvent } from '../../../kernel/event.ts';
import { difference, sum } from '../../../lib/decimal.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import type { TradeExecuted } from '../../market/events.ts';

/**
 * The accounts of the ledger. CUSTOMERS: what customers have. EXTERNAL: what left the system less
 * what entered it; usually negative. FEES: fees earned. INTEREST: interest credited. ROUNDING:
 * what rounding left to the house. TRANSIT: cash between the two halves of a transfer.
 */
export const ledgerAccounts = [
  'CUSTOMERS',
  'EXTERNAL',
  'FEES',
  'INTEREST',
  'ROUNDING',
  'TRANSIT',
] as const;
export type LedgerAccount = (typeof ledgerAccounts)[number];

/** One line of a double entry. The postings of an event sum to zero for each asset. */
interface Posting {
  readonly account: LedgerAccount;
  readonly asset: Asset;
  /** The change of the asset in the account; negative if it decreases. */
  readonly amount: string;
}

/** Cash in a currency, or shares of an instrument. */
export interface Asset {
  readonly kind: 'CASH' | 'SHARES';
  readonly name: string;
}

/** The types of the events that have postings. */
export const postingTypes = [
  'CashDeposited',
  'CashWithdrawn',
  'InterestCredited',
  'SharesDeposited',
  'CashTransferredOut',
  'CashTransferredIn',
  'TradeExecuted',
];

/** Returns the double entry of an event; empty if the event moves nothing. */
export function postingsOf(event: StoredEvent): readonly Posting[] {
  const known = event as StoredAccountEvent | TradeExecuted;
  switch (known.type) {
    case 'CashDeposited':
      return move(cash(known.data.currency), known.data.amount, ['EXTERNAL', 'CUSTOMERS']);
    case 'CashWithdrawn':
      return move(cash(known.data.currency), known.data.amount, ['CUSTOMERS', 'EXTERNAL']);
    case 'InterestCredited':
      return move(cash(known.data.currency), known.data.amount, ['INTEREST', 'CUSTOMERS']);
    case 'CashTransferredOut':
      return move(cash(known.data.currency), known.data.amount, ['CUSTOMERS', 'TRANSIT']);
    case 'CashTransferredIn':
      return move(cash(known.data.currency), known.data.amount, ['TRANSIT', 'CUSTOMERS']);
    case 'SharesDeposited':
      return move(shares(known.data.symbol), known.data.quantity, ['EXTERNAL', 'CUSTOMERS']);
    case 'TradeExecuted':
      return trade(known);
    default:
      return [];
  }
}

/**
 * Buyer and seller are both customers. The house keeps the fees, and the difference between what
 * the buyer pays and the seller receives after rounding; in a single trade it can be negative.
 */
function trade({ data }: TradeExecuted): readonly Posting[] {
  const { buyAmount, sellAmount, buyFee, sellFee, quantity } = data;
  const money = cash(data.currency);
  const instrument = shares(data.symbol);
  return [
    { account: 'CUSTOMERS', asset: money, amount: negate(sum(buyAmount, buyFee)) },
    { account: 'CUSTOMERS', asset: money, amount: difference(sellAmount, sellFee) },
    { account: 'FEES', asset: money, amount: sum(buyFee, sellFee) },
    { account: 'ROUNDING', asset: money, amount: difference(buyAmount, sellAmount) },
    { account: 'CUSTOMERS', asset: instrument, amount: quantity },
    { account: 'CUSTOMERS', asset: instrument, amount: negate(quantity) },
  ];
}

function move(
  asset: Asset,
  amount: string,
  [from, to]: readonly [LedgerAccount, LedgerAccount],
): readonly Posting[] {
  return [
    { account: from, asset, amount: negate(amount) },
    { account: to, asset, amount },
  ];
}

function cash(name: string): Asset {
  return { kind: 'CASH', name };
}

function shares(name: string): Asset {
  return { kind: 'SHARES', name };
}

function negate(amount: string): string {
  return difference('0', amount);
}
