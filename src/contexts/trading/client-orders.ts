import type { Decider } from '../../kernel/decider.ts';
import { reject } from '../../kernel/rejection.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import { uuidFault } from '../../lib/uuid.ts';
import type { TradingEvent } from './events.ts';
import { type Book, bookDecider, findOrder } from './matching/book.ts';
import type { MarketSession } from './matching/session.ts';
import { orderDecider } from './order.ts';
import { ClientOrderIdInUse } from './rejections.ts';

/** A client's own id of an order, in one account. */
export interface ClientOrder {
  readonly accountId: string;
  readonly clientOrderId: string;
}

/** The stream of a client order id of an account: the order that last stayed open under it. */
export const clientOrderDecider: Decider<string | null, TradingEvent> = {
  category: 'clientOrder',
  idFault(id) {
    const [accountId = '', ...name] = id.split('/');
    const isWhole = name.join('/') !== '';
    return isWhole
      ? uuidFault(accountId)
      : `${JSON.stringify(id)} is no "<accountId>/<clientOrderId>"`;
  },
  version: 1,
  initial: null,
  evolve(_orderId, event) {
    return event.type === 'ClientOrderIdAssigned' ? event.data.orderId : throwUpgradeNeeded(event);
  },
};

/** Rejects when an open order of the account has the client order id. */
export function assertUnused({ context, now }: MarketSession, clientOrder: ClientOrder): void {
  const orderId = context.load(clientOrderDecider, toId(clientOrder)).state;
  const symbol = orderId === null ? undefined : context.load(orderDecider, orderId).state?.symbol;
  if (orderId === null || symbol === undefined) return;
  const book = context.load(bookDecider, symbol).state;
  const open = book === null ? null : findComing(book, orderId);
  if (open === null || (open.expiresAt !== null && open.expiresAt <= now)) return;
  const { clientOrderId } = clientOrder;
  const message = `order ${orderId} of the account is open and has the client order id ${clientOrderId}`;
  reject(ClientOrderIdInUse, message, { clientOrderId, orderId });
}

/** Records which order has a client order id, if it stays open: others take nothing from anyone. */
export function recordAssigned(
  { context, book }: MarketSession,
  orderId: string,
  { accountId, clientOrderId }: ClientOrder,
): void {
  if (findComing(book(), orderId) === null) return;
  context.record(clientOrderDecider, toId({ accountId, clientOrderId }), {
    type: 'ClientOrderIdAssigned',
    data: { accountId, clientOrderId, orderId },
  });
}

/** An open order, or the one that is still coming in: something of it may stay open. */
function findComing(book: Book, orderId: string): { readonly expiresAt: string | null } | null {
  const taker = book.agenda?.taker;
  return taker?.id === orderId ? taker : findOrder(book, orderId);
}

function toId({ accountId, clientOrderId }: ClientOrder): string {
  return `${accountId}/${clientOrderId}`;
}
