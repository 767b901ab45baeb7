import { compare, isDecimal, sum } from '../../lib/decimal.ts';
import type { StoredAccountEvent } from './events.ts';

/** The shares of one instrument in an account. */
export type Holding = {
  readonly quantity: string;
  /** What of them is reserved. */
  readonly held: string;
};

/** Holdings by symbol; what is not there, or is gone, has no member. */
export type Holdings = Readonly<Record<string, Holding>>;

const nothing: Holding = { quantity: '0', held: '0' };

export function holdingOf(holdings: Holdings, symbol: string): Holding {
  return Object.hasOwn(holdings, symbol) ? (holdings[symbol] ?? nothing) : nothing;
}

/** Whether a holding keeps within the digits of a Decimal when it grows by a quantity. */
export function hasShareCapacity(holdings: Holdings, symbol: string, quantity: string): boolean {
  return isDecimal(sum(holdingOf(holdings, symbol).quantity, quantity));
}

/** The holdings after one more event of their account. */
export function evolveHoldings(holdings: Holdings, event: StoredAccountEvent): Holdings {
  const change = changeOf(event);
  if (change === null) return holdings;
  const { symbol, quantity, held } = change;
  const before = holdingOf(holdings, symbol);
  const after = { quantity: sum(before.quantity, quantity), held: sum(before.held, held) };
  if (compare(after.quantity, '0') !== 0) return { ...holdings, [symbol]: after };
  const { [symbol]: _gone, ...others } = holdings;
  return others;
}

/** What an event adds to the shares of one instrument; null: it is not about shares. */
export function changeOf(event: StoredAccountEvent) {
  switch (event.type) {
    case 'SharesDeposited':
    case 'PurchaseSettled':
      return { symbol: event.data.symbol, quantity: event.data.quantity, held: '0' };
    case 'SaleSettled': {
      const { symbol, quantity, released } = event.data;
      return { symbol, quantity: `-${quantity}`, held: `-${released}` };
    }
    case 'SharesHeld':
      return { symbol: event.data.symbol, quantity: '0', held: event.data.quantity };
    case 'SharesReleased':
      return { symbol: event.data.symbol, quantity: '0', held: `-${event.data.quantity}` };
    default:
      return null;
  }
}
