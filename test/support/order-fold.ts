import type { StoredMarketEvent } from '../../src/contexts/market/events.ts';
import { evolveOrder, type Order, type OrderEvent } from '../../src/contexts/trading/order.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';

/** A trade with both of its orders. */
export interface TradeLine {
  readonly symbol: string;
  readonly quantity: string;
  readonly price: string;
  /** The orders. */
  readonly buyer: string;
  readonly seller: string;
  readonly buyAccount: string;
  readonly sellAccount: string;
  readonly amount: string;
  readonly buyAmount: string;
  readonly sellAmount: string;
  readonly buyFee: string;
  readonly sellFee: string;
  readonly occurredAt: string;
}

/** Orders and trades, folded from the log. */
export interface OrderFold {
  add(events: readonly StoredEvent[]): void;
  order(id: string): Order;
  orders(): readonly Order[];
  trades(): readonly TradeLine[];
}

export function createOrderFold(): OrderFold {
  const orders = new Map<string, Order>();
  const trades: TradeLine[] = [];
  return {
    add(events) {
      for (const event of events) {
        for (const id of ordersOf(event)) {
          const order = evolveOrder(orders.get(id) ?? null, event as unknown as OrderEvent, id);
          if (order !== null) orders.set(id, order);
        }
        if (event.type === 'TradeExecuted') trades.push(toLine(event as unknown as Trade));
      }
    },
    order(id) {
      const order = orders.get(id);
      if (order === undefined) throw new Error(`there are no events of order ${id}`);
      return order;
    },
    orders: () => [...orders.values()],
    trades: () => trades,
  };
}

type Trade = Extract<StoredMarketEvent, { type: 'TradeExecuted' }>;

/** The events of an order are in its own stream and in that of its instrument's book. */
function ordersOf({ streamId, type, data }: StoredEvent): readonly string[] {
  if (!/^(?:order|book)-/.test(streamId)) return [];
  if (type === 'TradeExecuted') return [String(data['buyOrderId']), String(data['sellOrderId'])];
  return 'orderId' in data ? [String(data['orderId'])] : [];
}

function toLine({ data, occurredAt }: Trade): TradeLine {
  return {
    symbol: data.symbol,
    quantity: data.quantity,
    price: data.price,
    buyer: data.buyOrderId,
    seller: data.sellOrderId,
    buyAccount: data.buyAccountId,
    sellAccount: data.sellAccountId,
    amount: data.amount,
    buyAmount: data.buyAmount,
    sellAmount: data.sellAmount,
    buyFee: data.buyFee,
    sellFee: data.sellFee,
    occurredAt,
  };
}
