import { visit } from '../../../lib/sorted-map.ts';
import type { Side } from '../order.ts';
import { type Book, oppositeOf } from './book.ts';
import type { RestingOrder } from './book-order.ts';

/** An order that comes in, in ticks and lots. */
export interface Incoming {
  readonly accountId: string;
  readonly side: Side;
  /** Null: at any price. */
  readonly limit: number | null;
  readonly lots: number;
  /** How many resting orders it may meet; absent: all of them. */
  readonly metMax?: number;
}

/** So many lots of a resting order, at its price. */
export interface Fill {
  readonly maker: RestingOrder;
  readonly lots: number;
}

/**
 * Why there are no more fills: it is filled, no price suits it, nobody is left, the next in turn is an
 * order of its own account, or as many have been met as may be.
 */
export type MatchEnd = 'FILLED' | 'LIMIT' | 'NO_LIQUIDITY' | 'SELF_TRADE' | 'MORE';

export interface Match {
  readonly fills: readonly Fill[];
  readonly leaves: number;
  readonly end: MatchEnd;
  /** Resting orders that were met and whose time is over: they do not trade. */
  readonly expired: readonly RestingOrder[];
}

/**
 * What an order would trade with: best price first, and at one price first come, first served. Pure;
 * costs O(log n) of the resting orders and O(1) for each fill.
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
