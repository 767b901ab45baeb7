import type { Decider } from '../../kernel/decider.ts';
import { reject } from '../../kernel/rejection.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import { uuidFault } from '../../lib/uuid.ts';
import type { TradingEvent } from './events.ts';
import { type Book, bookDecider, findOrder } from './matching/book.ts';
import type { MarketSession } from './matching/session.ts';
import { orderDecider } from './order.ts';
import { ClientOrderIdInUse } from './rejections.ts';

/** A client order id (FIX ClOrdID), and the account in which it is unique among open orders. */
interface ClientOrder {
  readonly accountId: string;
  readonly clientOrderId: string;
}

/**
 * The stream of a client order id in an account. Its state is the id of the last order to which it
 * was assigned; null before the first one.
 */
export const clientOrderDecider: Decider<string | null, TradingEvent> = {
  category: 'clientOrder',
  idFault(id) {
    const [accountId = '', ...name] = id.split('/');
    const isWhole = name.join('/') !== '';
    return isWhole
      ? uuidFault(accountId)
      : `${JSON.stringify(id)} is not "<accountId>/<clientOrderId>"`;
  },
  version: 1,
  initial: null,
  evolve(_orderId, event) {
    return event.type === 'ClientOrderIdAssigned' ? event.data.orderId : throwUpgradeNeeded(event);
  },
};

/** Rejects if an open order of the account has the client order id. */
export function assertUnused({ context, now }: MarketSession, clientOrder: ClientOrder): void {
  const orderId = context.load(clientOrderDecider, toId(clientOrder)).state;
  const symbol = orderId === null ? undefined : context.load(orderDecider, orderId).state?.symbol;
  if (orderId === null || symbol === undefined) return;
  const book = context.load(bookDecider, symbol).state;
  const open = book === null ? null : findOpenOrIncoming(book, orderId);
  if (open === null || (open.expiresAt !== null && open.expiresAt <= now)) return;
  const { clientOrderId } = clientOrder;
  const message = `client order id ${clientOrderId} is in use by open order ${orderId}`;
  reject(ClientOrderIdInUse, message, { clientOrderId, orderId });
}

/**
 * Records that an order has a client order id. Records nothing unless the order stays open: the
 * client order id of a finished order is free.
 */
export function recordAssigned(
  { context, book }: MarketSession,
  orderId: string,
  { accountId, clientOrderId }: ClientOrder,
): void {
  if (findOpenOrIncoming(book(), orderId) === null) return;
  context.record(clientOrderDecider, toId({ accountId, clientOrderId }), {
    type: 'ClientOrderIdAssigned',
    data: { accountId, clientOrderId, orderId },
  });
}

/** An open order, or the incoming order if it is paused: its remainder may stay open. */
function findOpenOrIncoming(
  book: Book,
  orderId: string,
): { readonly expiresAt: string | null } | null {
  const taker = book.agenda?.taker;
  return taker?.id === orderId ? taker : findOrder(book, orderId);
}

function toId({ accountId, clientOrderId }: ClientOrder): string {
  return `${accountId}/${clientOrderId}`;
}
