import type { EventDefinitions, EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { decimal, id, nullable, text } from '../../kernel/field.ts';

const symbol = id('The instrument.');
const reason = nullable(text('Why.'));

/** What a trade says of one of its two orders; totals as FIX has them (CumQty, LeavesQty). */
function sideFields<Name extends 'buy' | 'sell'>(side: Name) {
  const fields = {
    OrderId: id(`The order that ${side === 'buy' ? 'bought' : 'sold'}.`),
    AccountId: id('Its account.'),
    Amount: decimal(
      `What its account ${side === 'buy' ? 'pays' : 'receives'} for the shares, without the fee.`,
    ),
    Fee: decimal('What its account pays for the trade beside the amount.'),
    FilledQuantity: decimal('How many shares of it have been traded, up to this trade.'),
    FilledValue: decimal('The sum of price times quantity of these trades, not rounded.'),
    LeavesQuantity: decimal('How many shares of it are still open.'),
  };
  type Prefixed = {
    [Key in keyof typeof fields & string as `${Name}${Key}`]: (typeof fields)[Key];
  };
  const entries = Object.entries(fields).map(([name, field]) => [`${side}${name}`, field]);
  return Object.fromEntries(entries) as Prefixed;
}

/** All that can happen to an instrument, its trades included. */
export const marketEvents = {
  InstrumentListed: {
    description: 'An instrument can be priced and traded from now on.',
    fields: {
      symbol,
      name: text('Its name.'),
      currency: text('ISO 4217: what its prices are in.'),
      tickSize: decimal('Order prices are whole numbers of it.'),
      lotSize: decimal('Order quantities are whole numbers of it.'),
      makerFeeBps: decimal('What the resting side of a trade pays, in hundredths of a percent.'),
      takerFeeBps: decimal('What the incoming side of a trade pays, in hundredths of a percent.'),
    },
  },
  PriceRecorded: {
    description: 'An outside source told a price; it held at occurredAt.',
    fields: { symbol, price: decimal('As it was given.') },
  },
  TradingHalted: {
    description: 'No order is taken and none is triggered any more.',
    fields: { symbol, reason },
  },
  TradingResumed: {
    description: 'Orders are taken again.',
    fields: { symbol, reason },
  },
  TradeExecuted: {
    description:
      "Shares changed hands at the price of the resting order. Orders' totals are as of it.",
    fields: {
      tradeId: id('The trade.'),
      symbol,
      price: decimal('Of one share: that of the order that rested in the book.'),
      quantity: decimal('How many shares.'),
      amount: decimal(
        'Price times quantity, exactly; rounded half-up in events of schema version 1.',
      ),
      currency: text('ISO 4217.'),
      rounding: text(
        `ORDER_TOTAL: the cash of each order is rounded on its running totals, against its owner.
        HALF_UP: amount and fees of this trade were rounded by themselves (schema version 1).`.replace(
          /\s+/g,
          ' ',
        ),
      ),
      aggressor: text('The side that came in: BUY or SELL.'),
      buyHeld: decimal('Cash that is still reserved for the order that bought.'),
      ...sideFields('buy'),
      ...sideFields('sell'),
    },
    upcasters: [
      (data) => {
        const amount = data['amount'] ?? '0';
        return { ...data, buyAmount: amount, sellAmount: amount };
      },
    ],
  },
} as const satisfies EventDefinitions;

export type MarketEvent = EventOf<typeof marketEvents>;
export type StoredMarketEvent = StoredEventOf<typeof marketEvents>;
