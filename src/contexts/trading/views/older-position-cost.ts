import { compare, difference, divide, isZero, multiply, round, sum } from '../../../lib/decimal.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import { type Costed, costDigits, type PositionCost } from './position.ts';

/**
 * Returns the cost of a position after an event of schema version 1. The average is rounded with
 * each acquisition, and the profit with each sale, so that older events give the same answers as
 * before.
 */
export function olderCostAfter(before: Costed, event: StoredAccountEvent): PositionCost {
  switch (event.type) {
    case 'SharesDeposited': {
      const { quantity, cost } = event.data;
      return withAverage(before, averageWith(before, quantity, cost));
    }
    case 'PurchaseSettled': {
      const { quantity, amount, fee } = event.data;
      return withAverage(before, averageWith(before, quantity, sum(amount, fee)));
    }
    case 'SaleSettled': {
      const { quantity, amount, fee, currency } = event.data;
      const cost = multiply(before.averageCost, quantity);
      const gain = difference(difference(amount, fee), cost);
      const digits = minorUnitsOf(currency) ?? 0;
      const realizedPnl = round(sum(before.realizedPnl, round(gain, digits)), digits);
      const isGone = compare(before.quantity, quantity) === 0;
      const averageCost = isGone ? round('0', costDigits) : before.averageCost;
      return { averageCost, cost: null, acquired: null, realizedPnl };
    }
    default:
      return before;
  }
}

function withAverage({ realizedPnl }: Costed, averageCost: string): PositionCost {
  return { averageCost, cost: null, acquired: null, realizedPnl };
}

function averageWith({ quantity, averageCost }: Costed, added: string, cost: string): string {
  const total = sum(quantity, added);
  if (isZero(total)) return averageCost;
  const whole = sum(multiply(averageCost, quantity), cost);
  return round(divide(whole, total, costDigits), costDigits);
}
