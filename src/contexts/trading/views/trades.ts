import type { StoredEvent } from '../../../kernel/event.ts';
import type { View } from '../../../kernel/view.ts';
import type { TradeExecuted } from '../../market/events.ts';
import type { Side } from '../../market/side.ts';

/** A trade. It never changes. */
export type Trade = {
  readonly id: string;
  readonly symbol: string;
  readonly price: string;
  readonly quantity: string;
  readonly amount: string;
  readonly currency: string;
  readonly aggressor: Side;
  readonly buyOrderId: string;
  readonly buyAmount: string;
  readonly buyFee: string;
  readonly sellOrderId: string;
  readonly sellAmount: string;
  readonly sellFee: string;
  readonly executedAt: string;
  readonly sequence: number;
};

/** All trades, by id, and listed by instrument and by order in the order of execution. */
export const tradesView: View<Trade> = {
  name: 'trades',
  version: 3,
  description: 'Trades, by instrument and by order.',
  types: ['TradeExecuted'],
  keysOf: (event) => [(event as TradeExecuted).data.tradeId],
  begins: () => true,
  evolve: (_before, event) => toTrade(event),
  lists: {
    SYMBOL: { position: ({ symbol, sequence }) => toTradePosition(symbol, sequence) },
    BUY_ORDER: { position: ({ buyOrderId, sequence }) => toTradePosition(buyOrderId, sequence) },
    SELL_ORDER: { position: ({ sellOrderId, sequence }) => toTradePosition(sellOrderId, sequence) },
  },
};

/** Returns the list position of a trade. The trades of one instrument or order are adjacent. */
function toTradePosition(group: string, sequence: number): string {
  return `${group} ${String(sequence).padStart(16, '0')}`;
}

/** Returns the trade that a TradeExecuted event records. */
export function toTrade(event: StoredEvent): Trade {
  const { data, occurredAt, sequence } = event as TradeExecuted;
  return {
    id: data.tradeId,
    symbol: data.symbol,
    price: data.price,
    quantity: data.quantity,
    amount: data.amount,
    currency: data.currency,
    // Only checked values are recorded.
    aggressor: data.aggressor,
    buyOrderId: data.buyOrderId,
    buyAmount: data.buyAmount,
    buyFee: data.buyFee,
    sellOrderId: data.sellOrderId,
    sellAmount: data.sellAmount,
    sellFee: data.sellFee,
    executedAt: occurredAt,
    sequence,
  };
}
