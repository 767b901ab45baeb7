import type { StoredEvent } from '../../../kernel/event.ts';
import type { View } from '../../../kernel/view.ts';
import { difference, isZero, sum, toSortableDecimal } from '../../../lib/decimal.ts';
import type { Side } from '../../market/side.ts';
import type { BookEvent } from '../matching/book.ts';

/** The resting orders at one price on one side of a book, in total. */
export type PriceLevel = {
  readonly symbol: string;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly orders: number;
};

/** The change that an event makes to one price level. */
interface LevelChange {
  readonly symbol: string;
  readonly side: Side;
  readonly price: string;
  readonly added: string;
  readonly taken: string;
  readonly orders: -1 | 0 | 1;
}

/** The price levels of all books. A level without orders is removed. */
export const levelsView: View<PriceLevel> = {
  name: 'price-levels',
  version: 2,
  description: 'Order books: the quantity and the number of orders at each price.',
  types: ['OrderBooked', 'TradeExecuted', 'OrderCanceled', 'OrderExpired', 'OrderReplaced'],
  keysOf(event) {
    const change = levelChangeOf(event as BookEvent);
    return change === null ? [] : [toLevelKey(change)];
  },
  evolve(level, event) {
    const change = levelChangeOf(event as BookEvent);
    if (change === null) return level;
    const { symbol, side, price, added, taken } = change;
    const quantity = difference(sum(level?.quantity ?? '0', added), taken);
    const orders = (level?.orders ?? 0) + change.orders;
    return isZero(quantity) ? undefined : { symbol, side, price, quantity, orders };
  },
  lists: { PRICE: { position: toLevelPosition } },
};

/** Returns the symbol of the book whose levels an event changes; null if there is none. */
export function changedBookOf(event: StoredEvent): string | null {
  return levelsView.types.includes(event.type)
    ? (levelChangeOf(event as BookEvent)?.symbol ?? null)
    : null;
}

/** Returns the list position of a level in PRICE. The levels of one side are next to each other. */
function toLevelPosition({
  symbol,
  side,
  price,
}: Pick<PriceLevel, 'symbol' | 'side' | 'price'>): string {
  return `${symbol} ${side} ${toSortableDecimal(price)}`;
}

function toLevelKey({ symbol, side, price }: LevelChange): string {
  return `${symbol} ${side} ${price}`;
}

function levelChangeOf(event: BookEvent): LevelChange | null {
  switch (event.type) {
    case 'OrderBooked': {
      const { symbol, side, price, leavesQuantity } = event.data;
      return { symbol, side, price, added: leavesQuantity, taken: '0', orders: 1 };
    }
    case 'TradeExecuted': {
      const { symbol, price, quantity, aggressor, buyLeavesQuantity, sellLeavesQuantity } =
        event.data;
      const side = aggressor === 'BUY' ? 'SELL' : 'BUY';
      const leaves = side === 'BUY' ? buyLeavesQuantity : sellLeavesQuantity;
      const orders = isZero(leaves) ? -1 : 0;
      return { symbol, side, price, added: '0', taken: quantity, orders };
    }
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'OrderReplaced': {
      const { symbol, side, price, leavesQuantity } = event.data;
      if (price === null) return null;
      return { symbol, side, price, added: '0', taken: leavesQuantity, orders: -1 };
    }
    default:
      return null;
  }
}
