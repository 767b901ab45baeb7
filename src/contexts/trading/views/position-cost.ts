import { difference, divide, isZero, multiply, round, sum } from '../../../lib/decimal.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import { olderCostAfter } from './older-position-cost.ts';
import { type Acquired, type Costed, costDigits, type PositionCost } from './position.ts';

/**
 * Returns the cost of a position after an event of its account. A sale takes its share of the cost
 * of the acquired shares, rounded on the running total of the sales since the last acquisition. So
 * over the life of a position the realized profit is proceeds less costs and fees, to the last
 * unit, in any number of fills.
 */
export function costAfter(before: Costed, event: StoredAccountEvent): PositionCost {
  switch (event.type) {
    case 'SharesDeposited': {
      if (event.schemaVersion === 1) return olderCostAfter(before, event);
      const { quantity, cost } = event.data;
      return acquire(before, quantity, cost);
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
    cost: sum(exactCostOf(before), cost),
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
  const cost = exactCostOf(before);
  const acquired = before.acquired ?? { quantity: before.quantity, cost };
  const left = difference(before.quantity, quantity);
  const kept = isZero(left) ? '0' : keptOf(acquired, left, digits);
  const gain = difference(proceeds, difference(cost, kept));
  const realizedPnl = round(sum(before.realizedPnl, gain), digits);
  return isZero(left)
    ? { averageCost: round('0', costDigits), cost: '0', acquired: null, realizedPnl }
    : { averageCost: averageOf(acquired), cost: kept, acquired, realizedPnl };
}

/** Returns the cost of the shares that are left. The cost of those sold is in whole minor units. */
function keptOf(acquired: Acquired, left: string, digits: number): string {
  const sold = difference(acquired.quantity, left);
  const taken = divide(multiply(acquired.cost, sold), acquired.quantity, digits);
  return difference(acquired.cost, taken);
}

function averageOf({ quantity, cost }: Acquired): string {
  return round(divide(cost, quantity, costDigits), costDigits);
}

/** Returns the cost of the shares; from their average if all events of the position are older. */
function exactCostOf({ cost, averageCost, quantity }: Costed): string {
  return cost ?? multiply(averageCost, quantity);
}
