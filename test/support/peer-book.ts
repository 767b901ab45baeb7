import {
  type ICancelOrder,
  type IProcessOrder,
  type LimitOrderOptions,
  OrderBook,
  Side,
} from 'nodejs-order-book';
import type { FlowRequest } from './order-flow.ts';

/** The order book of npm's nodejs-order-book, in ticks and lots as plain numbers. */
export type PeerBook = OrderBook;

export function createPeerBook(): PeerBook {
  return new OrderBook();
}

/** Executes an order or cancel in the library, without its journal. */
export function submitToPeer(
  book: PeerBook,
  request: FlowRequest,
): IProcessOrder | ICancelOrder | undefined {
  if (request.kind === 'CANCEL') return book.cancel(request.id);
  const { id, accountId, lots: size, limit: price } = request;
  const side = request.side === 'BUY' ? Side.BUY : Side.SELL;
  if (price === null) return book.market({ id, side, size, accountId });
  // The library does not export its enum.
  const timeInForce = request.timeInForce as LimitOrderOptions['timeInForce'] & string;
  return book.limit({ id, side, size, price, accountId, timeInForce });
}
