import type {
  EventAudience,
  EventDefinitions,
  EventOf,
  StoredEventOf,
} from '../../kernel/event-definition.ts';
import { decimal, type EnumDefinition, enumOf, id, nullable, text } from '../../kernel/field.ts';
import { oneLine } from '../../lib/one-line.ts';
import { sideEnum } from './side.ts';

const symbol = id('The symbol of the instrument.');
const reason = nullable(text('The reason that the client gave. Null if it gave none.'));

const roundingEnum: EnumDefinition<'ORDER_TOTAL' | 'HALF_UP'> = {
  name: 'TradeRounding',
  description: 'How the cash of a trade is rounded to the minor unit of the currency.',
  values: {
    ORDER_TOTAL:
      'The cash of each order is rounded on the running totals of the order, against its owner.',
    HALF_UP: oneLine`The amount and the fees of the trade were rounded separately, half-up. Only
      events of schema version 1 have this value.`,
  },
};

/** The fields of one side of a trade. Totals are those of FIX (CumQty, LeavesQty). */
function sideFields<Name extends 'buy' | 'sell'>(side: Name) {
  const which = side === 'buy' ? 'buying' : 'selling';
  const fields = {
    OrderId: id(`The id of the ${which} order.`),
    AccountId: id(`The id of the account of the ${which} order.`),
    Amount: decimal(
      oneLine`The cash that the ${which} account ${side === 'buy' ? 'pays' : 'receives'} for the
      shares, in the instrument's currency, without the fee.`,
    ),
    Fee: decimal(
      oneLine`The fee that the ${which} account pays for the trade, in the instrument's currency.`,
    ),
    FilledQuantity: decimal(
      oneLine`The number of shares that the ${which} order has traded, including this trade.`,
    ),
    FilledValue: decimal(
      oneLine`The sum of price times quantity of all trades of the ${which} order, including this
      trade, in the instrument's currency, not rounded.`,
    ),
    LeavesQuantity: decimal(
      oneLine`The number of shares of the ${which} order that are still open after this trade.`,
    ),
  };
  type Prefixed = {
    [Key in keyof typeof fields & string as `${Name}${Key}`]: (typeof fields)[Key];
  };
  const entries = Object.entries(fields).map(([name, field]) => [`${side}${name}`, field]);
  return Object.fromEntries(entries) as Prefixed;
}

/** What only the viewers of one account may see of a trade. The rest of a trade is public. */
const privateFields = ['OrderId', 'AccountId', 'FilledQuantity', 'FilledValue', 'LeavesQuantity'];

/** The actors who may see one of the two accounts. */
const parties: EventAudience = {
  accounts: ['buyAccountId', 'sellAccountId'],
  fields: {
    buyHeld: 'buyAccountId',
    ...Object.fromEntries(
      (['buy', 'sell'] as const).flatMap((side) =>
        privateFields.map((name) => [`${side}${name}`, `${side}AccountId`]),
      ),
    ),
  },
};

/** The events of an instrument, including its trades, which are in the stream of its book. */
export const marketEvents = {
  InstrumentListed: {
    description: 'An instrument was listed: it can be priced and traded.',
    audience: 'EVERYONE',
    fields: {
      symbol,
      name: text('The name of the instrument.'),
      currency: text("The ISO 4217 code of the currency of the instrument's prices."),
      tickSize: decimal(
        "The tick size, in the instrument's currency. Prices of orders are multiples of it.",
      ),
      lotSize: decimal('The lot size, in shares. Quantities of orders are multiples of it.'),
      makerFeeBps: decimal(
        oneLine`The fee of the resting side of a trade, in basis points (hundredths of a percent) of
        the amount.`,
      ),
      takerFeeBps: decimal(
        oneLine`The fee of the incoming side of a trade, in basis points (hundredths of a percent)
        of the amount.`,
      ),
    },
  },
  PriceRecorded: {
    description: 'An external source reported a price, effective at occurredAt.',
    audience: 'EVERYONE',
    fields: {
      symbol,
      price: decimal("The price of one share as given, in the instrument's currency."),
    },
  },
  TradingHalted: {
    description: oneLine`Trading was halted: until it resumes, new orders are rejected and stop
      orders are not triggered.`,
    audience: 'EVERYONE',
    fields: { symbol, reason },
  },
  TradingResumed: {
    description: 'Trading was resumed: new orders are accepted again.',
    audience: 'EVERYONE',
    fields: { symbol, reason },
  },
  TradeExecuted: {
    description: `Two orders traded with each other. The totals of the orders include this trade.`,
    audience: parties,
    fields: {
      tradeId: id('The id of the trade.'),
      symbol,
      price: decimal(
        oneLine`The price of one share, in the instrument's currency: the price of the order that
        rested in the book.`,
      ),
      quantity: decimal('The number of shares traded.'),
      amount: decimal(
        oneLine`The price times the quantity, exact, in the instrument's currency. In events of
        schema version 1, it is rounded half-up to the minor unit.`,
      ),
      currency: text("The ISO 4217 code of the instrument's currency."),
      rounding: enumOf(roundingEnum, 'How the cash of the trade is rounded.'),
      aggressor: enumOf(sideEnum, 'The side of the incoming order.'),
      buyHeld: decimal(
        oneLine`The cash that is still reserved for the buying order after this trade, in the
        instrument's currency.`,
      ),
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

/** The event of a trade. */
export type TradeExecuted = Extract<StoredMarketEvent, { type: 'TradeExecuted' }>;
