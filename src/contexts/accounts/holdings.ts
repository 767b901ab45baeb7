import { compare, isDecimal, sum } from '../../lib/decimal.ts';
import type { StoredAccountEvent } from './events.ts';

/** The shares of one instrument in an account. */
type Holding = {
  readonly quantity: string;
  /** The part of `quantity` that is reserved. */
  readonly held: string;
};

/** Holdings by symbol. A symbol without shares has no member. */
export type Holdings = Readonly<Record<string, Holding>>;

const nothing: Holding = { quantity: '0', held: '0' };

/** The holding of a symbol. Both quantities are 0 if the account has no shares of it. */
export function holdingOf(holdings: Holdings, symbol: string): Holding {
  return Object.hasOwn(holdings, symbol) ? (holdings[symbol] ?? nothing) : nothing;
}

/** Whether a holding plus a quantity has no more digits than a Decimal can have. */
export function hasShareCapacity(holdings: Holdings, symbol: string, quantity: string): boolean {
  return isDecimal(sum(holdingOf(holdings, symbol).quantity, quantity));
}

/** The holdings after the next event of their account. */
export function evolveHoldings(holdings: Holdings, event: StoredAccountEvent): Holdings {
  const change = holdingChangeOf(event);
  if (change === null) return holdings;
  const { symbol, quantity, held } = change;
  const before = holdingOf(holdings, symbol);
  const after = { quantity: sum(before.quantity, quantity), held: sum(before.held, held) };
  if (compare(after.quantity, '0') !== 0) return { ...holdings, [symbol]: after };
  const { [symbol]: _gone, ...others } = holdings;
  return others;
}

/** What an event adds to the holding of an instrument. Null if it does not concern shares. */
export function holdingChangeOf(event: StoredAccountEvent) {
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
