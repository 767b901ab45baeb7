import {
  type ICancelOrder,
  type IProcessOrder,
  type LimitOrderOptions,
  OrderBook,
  Side,
} from 'nodejs-order-book';
import type { Wish } from './order-flow.ts';

/** The order book of npm's nodejs-order-book, in ticks and lots as plain numbers. */
export type PeerBook = OrderBook;

export function createPeerBook(): PeerBook {
  return new OrderBook();
}

/** Executes an order or cancel in the library, without its journal. */
export function submitToPeer(book: PeerBook, wish: Wish): IProcessOrder | ICancelOrder | undefined {
  if (wish.kind === 'CANCEL') return book.cancel(wish.id);
  const { id, accountId, lots: size, limit: price } = wish;
  const side = wish.side === 'BUY' ? Side.BUY : Side.SELL;
  if (price === null) return book.market({ id, side, size, accountId });
  // The library does not export its enum.
  const timeInForce = wish.timeInForce as LimitOrderOptions['timeInForce'] & string;
  return book.limit({ id, side, size, price, accountId, timeInForce });
}
