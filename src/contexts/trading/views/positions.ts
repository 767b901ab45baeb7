import { entityIdOf } from '../../../kernel/decider.ts';
import type { View } from '../../../kernel/view.ts';
import { round, sum } from '../../../lib/decimal.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import { holdingChangeOf } from '../../accounts/holdings.ts';
import { costDigits, type Position } from './position.ts';
import { costAfter } from './position-cost.ts';

/**
 * All positions, by account and instrument. A sold-out position stays, with its realized profit.
 */
export const positionsView: View<Position> = {
  name: 'positions',
  version: 3,
  description: 'Holdings of instruments, with their quantity, cost and realized profit.',
  types: ['SharesDeposited', 'SharesHeld', 'SharesReleased', 'PurchaseSettled', 'SaleSettled'],
  keysOf(event) {
    const change = holdingChangeOf(event as StoredAccountEvent);
    return change === null ? [] : [toPositionKey(entityIdOf(event.streamId), change.symbol)];
  },
  evolve(position, event) {
    const known = event as StoredAccountEvent;
    const change = holdingChangeOf(known);
    if (change === null) return position;
    const { symbol } = change;
    const before = position ?? nothing(entityIdOf(event.streamId), symbol, currencyOf(known));
    const cost = costAfter(before, known);
    return {
      accountId: before.accountId,
      symbol: before.symbol,
      currency: before.currency,
      quantity: sum(before.quantity, change.quantity),
      held: sum(before.held, change.held),
      averageCost: cost.averageCost,
      cost: cost.cost,
      acquired: cost.acquired,
      realizedPnl: cost.realizedPnl,
    };
  },
  lists: {
    ACCOUNT: { position: ({ accountId, symbol }) => toPositionKey(accountId, symbol) },
  },
};

/**
 * Returns the key of a position. It is also the list position in ACCOUNT: by account, then symbol.
 */
export function toPositionKey(accountId: string, symbol: string): string {
  return `${accountId} ${symbol}`;
}

function nothing(accountId: string, symbol: string, currency: string): Position {
  const realizedPnl = round('0', minorUnitsOf(currency) ?? 0);
  const averageCost = round('0', costDigits);
  const empty = { quantity: '0', held: '0', averageCost, cost: null, acquired: null, realizedPnl };
  return { accountId, symbol, currency, ...empty };
}

function currencyOf(event: StoredAccountEvent): string {
  return 'currency' in event.data ? event.data.currency : '';
}
