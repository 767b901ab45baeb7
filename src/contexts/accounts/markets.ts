import type { StoredAccountEvent } from './events.ts';

/** Where an account may have open orders. The order books say which orders are open. */
export type Markets = {
  /** The symbols of the instruments in which the account has ever had an open order or a trade. */
  readonly markets: readonly string[];
  /** Orders with cash reserved by an event of schema version 1, which names no instrument. */
  readonly olderOrders: readonly string[];
};

/** The markets of an account that has never had an order. */
export const noMarkets: Markets = { markets: [], olderOrders: [] };

/** The markets after the next event of their account. */
export function evolveMarkets(known: Markets, event: StoredAccountEvent): Markets {
  switch (event.type) {
    case 'CashHeld': {
      const { symbol, orderId } = event.data;
      return symbol === null ? withOlder(known, orderId) : withMarket(known, symbol);
    }
    case 'SharesHeld':
    case 'SaleSettled':
      return withMarket(known, event.data.symbol);
    case 'PurchaseSettled':
      return withMarket(withoutOlder(known, event.data.orderId), event.data.symbol);
    case 'CashReleased':
      return withoutOlder(known, event.data.orderId);
    default:
      return known;
  }
}

function withMarket(known: Markets, symbol: string): Markets {
  const { markets, olderOrders } = known;
  return markets.includes(symbol) ? known : { markets: [...markets, symbol], olderOrders };
}

function withOlder({ markets, olderOrders }: Markets, orderId: string): Markets {
  return { markets, olderOrders: [...olderOrders, orderId] };
}

function withoutOlder(known: Markets, orderId: string): Markets {
  const { markets, olderOrders } = known;
  if (!olderOrders.includes(orderId)) return known;
  return { markets, olderOrders: olderOrders.filter((each) => each !== orderId) };
}
