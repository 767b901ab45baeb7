import { visit } from '../../../lib/sorted-map.ts';
import type { Side } from '../../market/side.ts';
import { type Book, oppositeOf } from './book.ts';
import type { RestingOrder } from './book-order.ts';

/** An incoming order, in ticks and lots. */
interface Incoming {
  readonly accountId: string;
  readonly side: Side;
  /** The limit price; null if it trades at any price. */
  readonly limit: number | null;
  readonly lots: number;
  /** The maximum number of resting orders that it may meet; unlimited if omitted. */
  readonly metMax?: number;
}

/** A number of lots traded with a resting order, at the price of that order. */
export interface Fill {
  readonly maker: RestingOrder;
  readonly lots: number;
}

/**
 * Why matching ended. FILLED: the order is filled. LIMIT: the next price is beyond its limit.
 * NO_LIQUIDITY: no resting orders are left. SELF_TRADE: the next order belongs to the same account.
 * MORE: the order has met the maximum number of resting orders and could meet another one.
 */
type MatchEnd = 'FILLED' | 'LIMIT' | 'NO_LIQUIDITY' | 'SELF_TRADE' | 'MORE';

export interface Match {
  readonly fills: readonly Fill[];
  readonly leaves: number;
  readonly end: MatchEnd;
  /** The resting orders that were met after their expiry; they do not trade. */
  readonly expired: readonly RestingOrder[];
}

/**
 * Returns the fills of an incoming order: best price first, and the oldest order first at one
 * price. Pure; costs O(log n) for n resting orders, and O(1) for each fill.
 */
export function match(book: Book, incoming: Incoming, now: string): Match {
  const { accountId, side, limit, metMax = Number.POSITIVE_INFINITY } = incoming;
  const fills: Fill[] = [];
  const expired: RestingOrder[] = [];
  let leaves = incoming.lots;
  let end: MatchEnd = 'NO_LIQUIDITY';

  function meet(maker: RestingOrder): boolean {
    if (limit !== null && !crosses(side, limit, maker.price)) {
      end = 'LIMIT';
      return false;
    }
    const isOver = maker.expiresAt !== null && maker.expiresAt <= now;
    if (!isOver && maker.accountId === accountId) {
      end = 'SELF_TRADE';
      return false;
    }
    if (fills.length + expired.length >= metMax) {
      end = 'MORE';
      return false;
    }
    if (isOver) {
      expired.push(maker);
      return true;
    }
    const lots = Math.min(leaves, maker.leaves);
    fills.push({ maker, lots });
    leaves -= lots;
    if (leaves > 0) return true;
    end = 'FILLED';
    return false;
  }

  if (leaves > 0) visit(oppositeOf(book, side), (orders) => visit(orders, meet));
  else end = 'FILLED';
  return { fills, leaves, end, expired };
}

function crosses(side: Side, limit: number, price: number): boolean {
  return side === 'BUY' ? price <= limit : price >= limit;
}
