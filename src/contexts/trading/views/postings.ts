import type { StoredEvent } from '../../../kernel/event.ts';
import { difference, sum } from '../../../lib/decimal.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import type { Trade } from '../matching/book.ts';

/**
 * The ledger's accounts: what customers have, what came from outside (negative: it is owed there),
 * fees earned, interest given, what rounding left to the house, and cash between the two halves of a
 * transfer.
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

/** One line of a double entry. Those of an event sum to zero for each asset. */
export interface Posting {
  readonly account: LedgerAccount;
  readonly asset: Asset;
  /** More of the asset in the account; negative: less. */
  readonly amount: string;
}

/** Cash of a currency, or shares of an instrument. */
export interface Asset {
  readonly kind: 'CASH' | 'SHARES';
  readonly name: string;
}

export const postingTypes = [
  'CashDeposited',
  'CashWithdrawn',
  'InterestCredited',
  'SharesDeposited',
  'CashTransferredOut',
  'CashTransferredIn',
  'TradeExecuted',
];

/** The double entry of an event; none when it moves nothing. */
export function postingsOf(event: StoredEvent): readonly Posting[] {
  const known = event as StoredAccountEvent | Trade;
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
 * Buyer and seller are customers both: what stays with the house are the fees and what rounding takes
 * from the one and does not give to the other, or in a single trade the reverse.
 */
function trade({ data }: Trade): readonly Posting[] {
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
