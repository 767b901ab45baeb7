import { entityIdOf } from '../../kernel/decider.ts';
import type { View } from '../../kernel/view.ts';
import { compare, difference, divide, isZero, multiply, round, sum } from '../../lib/decimal.ts';
import { minorUnitsOf } from '../accounts/currencies.ts';
import type { StoredAccountEvent } from '../accounts/events.ts';
import { changeOf } from '../accounts/holdings.ts';

/** Fractional digits of an average cost. */
export const costDigits = 8;

/** What an account holds of one instrument, and what has come of it so far. */
export type Position = {
  readonly accountId: string;
  readonly symbol: string;
  readonly currency: string;
  readonly quantity: string;
  readonly held: string;
  /** Of one share, the fees of buying in it. */
  readonly averageCost: string;
  /** Of what was sold, all fees in it. */
  readonly realizedPnl: string;
};

/** Positions by account and instrument; one that is sold out stays, for what it has realized. */
export const positionsView: View<Position> = {
  name: 'positions',
  version: 1,
  description: 'Holdings of instruments: quantity, average cost, realized profit.',
  types: ['SharesDeposited', 'SharesHeld', 'SharesReleased', 'PurchaseSettled', 'SaleSettled'],
  keysOf(event) {
    const change = changeOf(event as StoredAccountEvent);
    return change === null ? [] : [toPositionKey(entityIdOf(event.streamId), change.symbol)];
  },
  evolve(position, event) {
    const known = event as StoredAccountEvent;
    const change = changeOf(known);
    if (change === null) return position;
    const { symbol } = change;
    const before = position ?? nothing(entityIdOf(event.streamId), symbol, currencyOf(known));
    return {
      ...before,
      ...resultOf(before, known),
      quantity: sum(before.quantity, change.quantity),
      held: sum(before.held, change.held),
    };
  },
  lists: {
    ACCOUNT: { position: ({ accountId, symbol }) => toPositionKey(accountId, symbol) },
  },
};

/** The key of a position, and its place in the list ACCOUNT: those of one account by symbol. */
export function toPositionKey(accountId: string, symbol: string): string {
  return `${accountId} ${symbol}`;
}

function nothing(accountId: string, symbol: string, currency: string): Position {
  const zero = round('0', costDigits);
  const realizedPnl = round('0', minorUnitsOf(currency) ?? 0);
  return { accountId, symbol, currency, quantity: '0', held: '0', averageCost: zero, realizedPnl };
}

function currencyOf(event: StoredAccountEvent): string {
  return 'currency' in event.data ? event.data.currency : '';
}

/** Average cost: what is bought changes it, what is sold realizes the difference from it. */
function resultOf(before: Position, event: StoredAccountEvent): Partial<Position> {
  switch (event.type) {
    case 'SharesDeposited': {
      const { quantity, costPrice } = event.data;
      return { averageCost: averageWith(before, quantity, multiply(costPrice, quantity)) };
    }
    case 'PurchaseSettled': {
      const { quantity, amount, fee } = event.data;
      return { averageCost: averageWith(before, quantity, sum(amount, fee)) };
    }
    case 'SaleSettled': {
      const { quantity, amount, fee, currency } = event.data;
      const cost = multiply(before.averageCost, quantity);
      const gain = difference(difference(amount, fee), cost);
      const digits = minorUnitsOf(currency) ?? 0;
      const realizedPnl = round(sum(before.realizedPnl, round(gain, digits)), digits);
      const isGone = compare(before.quantity, quantity) === 0;
      return isGone ? { realizedPnl, averageCost: round('0', costDigits) } : { realizedPnl };
    }
    default:
      return {};
  }
}

function averageWith({ quantity, averageCost }: Position, added: string, cost: string): string {
  const total = sum(quantity, added);
  if (isZero(total)) return averageCost;
  const whole = sum(multiply(averageCost, quantity), cost);
  return round(divide(whole, total, costDigits), costDigits);
}
