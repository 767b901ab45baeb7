import { difference, divide, isZero, multiply, round, sum } from '../../../lib/decimal.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import { olderCostAfter } from './older-position-cost.ts';
import { type Acquired, type Costed, costDigits, type PositionCost } from './position.ts';

/**
 * The cost after an event of the position's account. A sale takes its share of what the acquired
 * shares cost, rounded on the running total of the sales since then: so over the life of a position
 * the realized profit is proceeds less costs and fees, to the last unit, in any number of fills.
 */
export function costAfter(before: Costed, event: StoredAccountEvent): PositionCost {
  switch (event.type) {
    case 'SharesDeposited': {
      if (event.schemaVersion === 1) return olderCostAfter(before, event);
      const { quantity, costPrice } = event.data;
      return acquire(before, quantity, multiply(costPrice, quantity));
    }
    case 'PurchaseSettled': {
      if (event.schemaVersion === 1) return olderCostAfter(before, event);
      const { quantity, amount, fee } = event.data;
      return acquire(before, quantity, sum(amount, fee));
    }
    case 'SaleSettled': {
      if (event.schemaVersion === 1) return olderCostAfter(before, event);
      const { quantity, amount, fee } = event.data;
      return sell(before, quantity, difference(amount, fee));
    }
    default:
      return before;
  }
}

function acquire(before: Costed, quantity: string, cost: string): PositionCost {
  const acquired = {
    quantity: sum(before.quantity, quantity),
    cost: sum(costOf(before), cost),
  };
  return {
    averageCost: averageOf(acquired),
    cost: acquired.cost,
    acquired,
    realizedPnl: before.realizedPnl,
  };
}

function sell(before: Costed, quantity: string, proceeds: string): PositionCost {
  const digits = minorUnitsOf(before.currency) ?? 0;
  const cost = costOf(before);
  const acquired = before.acquired ?? { quantity: before.quantity, cost };
  const left = difference(before.quantity, quantity);
  const kept = isZero(left) ? '0' : keptOf(acquired, left, digits);
  const gain = difference(proceeds, difference(cost, kept));
  const realizedPnl = round(sum(before.realizedPnl, gain), digits);
  return isZero(left)
    ? { averageCost: round('0', costDigits), cost: '0', acquired: null, realizedPnl }
    : { averageCost: averageOf(acquired), cost: kept, acquired, realizedPnl };
}

/** What the shares that are left cost: all, less the share of those sold, in whole minor units. */
function keptOf(acquired: Acquired, left: string, digits: number): string {
  const sold = difference(acquired.quantity, left);
  const taken = divide(multiply(acquired.cost, sold), acquired.quantity, digits);
  return difference(acquired.cost, taken);
}

function averageOf({ quantity, cost }: Acquired): string {
  return round(divide(cost, quantity, costDigits), costDigits);
}

/** What the shares cost; by their average, when all events of the position are older ones. */
function costOf({ cost, averageCost, quantity }: Costed): string {
  return cost ?? multiply(averageCost, quantity);
}
