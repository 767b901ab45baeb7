import type { EventDefinitions, EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { boolean, dateTime, decimal, id, integer, nullable, text } from '../../kernel/field.ts';

const orderId = id('The order.');
const accountId = id('Its account.');
const symbol = id('The instrument.');
const side = text('BUY or SELL.');
const filledQuantity = decimal('How many shares of it have been traded so far (FIX CumQty).');
const filledValue = decimal('The sum of price times quantity of these trades, not rounded.');
const leavesQuantity = decimal('How many shares of it are still open (FIX LeavesQty).');
const reason = nullable(text('Why: a word of the market, or what the client wrote.'));
const held = decimal('Cash that is reserved for it; 0 for an order to sell, which holds shares.');
const expiresAt = nullable(dateTime('When it expires; null: never.'));

/** What a client has wished. */
const instruction = {
  orderId,
  clientOrderId: nullable(text("The client's own name for it.")),
  accountId,
  symbol,
  side,
  orderType: text('MARKET, LIMIT, STOP or STOP_LIMIT.'),
  timeInForce: text('DAY, GTC, IOC, FOK or GTD.'),
  quantity: decimal('How many shares in all (FIX OrderQty).'),
  limitPrice: nullable(decimal('The worst price at which it may trade.')),
  stopPrice: nullable(decimal('The price that brings it into the market.')),
  expiresAt,
  postOnly: boolean('Whether it was refused rather than traded on arrival.'),
  replaces: nullable(id('The order whose place it takes.')),
};

/** How far an order is. */
const progress = { orderId, accountId, symbol, side, filledQuantity, filledValue, leavesQuantity };

/** What a finished order comes to. */
const final = {
  ...progress,
  price: nullable(decimal('The limit at which it rested in the book; null: it did not.')),
};

/**
 * All that can happen to orders. What a client wished is in the order's own stream; what the market
 * made of it is in the stream of the instrument's book, in the order in which it was made.
 */
export const tradingEvents = {
  OrderPlaced: {
    description: 'An order was taken.',
    fields: { ...instruction, filledQuantity, filledValue },
  },
  OrderRejected: {
    description: 'A well-formed order was refused by the market.',
    fields: { ...instruction, code: text('The code of the refusal.'), reason },
  },
  BookOpened: {
    description: 'Orders for the instrument can be kept from now on.',
    fields: {
      symbol,
      currency: text('ISO 4217.'),
      tickSize: decimal('Prices are whole numbers of it.'),
      lotSize: decimal('Quantities are whole numbers of it.'),
      lastPrice: nullable(decimal('The last price that is known.')),
      lastPriceAt: nullable(dateTime('When it occurred.')),
    },
  },
  ReferencePriceSet: {
    description: 'A price from outside is the last one now, for the orders that wait for a price.',
    fields: { symbol, price: decimal('As it was recorded.') },
  },
  OrderBooked: {
    description: 'An order, or what was left of it, rests in the book.',
    fields: {
      ...progress,
      price: decimal('Its limit.'),
      priority: integer('Of two orders at one price the one with the smaller number trades first.'),
      held,
      expiresAt,
      settledValue: decimal(
        'The part of filledValue whose cash was rounded on the totals of the order.',
      ),
      accruedFee: decimal('The fees of that part, before rounding.'),
    },
    upcasters: [(data) => ({ ...data, settledValue: '0', accruedFee: '0' })],
  },
  OrderHeld: {
    description: 'A stop order waits for its price.',
    fields: {
      ...progress,
      orderType: text('STOP or STOP_LIMIT.'),
      timeInForce: text('DAY, GTC, IOC, FOK or GTD.'),
      stopPrice: decimal('The price that brings it into the market.'),
      limitPrice: nullable(decimal('The worst price at which it may trade then.')),
      priority: integer(
        'Of orders triggered together the one with the smaller number enters first.',
      ),
      held,
      expiresAt,
    },
  },
  OrderTriggered: {
    description: 'The price that a stop order waited for was reached: it enters the market.',
    fields: { orderId, accountId, symbol, price: decimal('The price that reached it.') },
  },
  OrderCanceled: {
    description: 'What was left of an order was taken out of the market.',
    fields: { ...final, reason },
  },
  OrderExpired: {
    description: 'The time of an order was over.',
    fields: { ...final, expiresAt: dateTime('When it was over.') },
  },
  OrderReplaced: {
    description: 'Another order took the place of this one.',
    fields: { ...final, newOrderId: id('The order that took its place.') },
  },
  OrderPaused: {
    description:
      `An incoming order has traded with as many others as one command allows. It goes on in the
      next one, before anything else happens in the book; all that it may spend is reserved.`.replace(
        /\s+/g,
        ' ',
      ),
    fields: {
      ...progress,
      timeInForce: text('DAY, GTC, IOC, FOK or GTD.'),
      limitPrice: nullable(decimal('The worst price at which it may trade.')),
      held: decimal('Cash that is reserved for it.'),
      heldQuantity: decimal('Shares that are reserved for it.'),
      expiresAt,
      settledValue: decimal(
        'The part of filledValue whose cash was rounded on the totals of the order.',
      ),
      accruedFee: decimal('The fees of that part, before rounding.'),
      lowPrice: nullable(decimal('The lowest price at which it has traded since it came in.')),
      highPrice: nullable(decimal('The highest one.')),
    },
  },
  StopsReached: {
    description: `Prices have reached stop orders: these enter in the next commands, those that came
      first before others, and after all that were reached before.`.replace(/\s+/g, ' '),
    fields: {
      symbol,
      lowPrice: decimal('Orders to sell have been reached from this stop price on.'),
      highPrice: decimal('Orders to buy have been reached up to this stop price.'),
      price: nullable(decimal('The price that was recorded; null: they are prices of trades.')),
      placedBy: nullable(dateTime('Only those placed by then have been reached; null: all.')),
    },
  },
  PriceQueued: {
    description: `A price from outside takes effect in the book when the work is done that earlier
      commands have set off there.`.replace(/\s+/g, ' '),
    fields: {
      symbol,
      price: decimal('As it was recorded.'),
      priceAt: nullable(dateTime('When it occurred; null: when it takes effect.')),
    },
  },
  CancelsQueued: {
    description: 'The open orders of an account in the book are canceled in the next commands.',
    fields: { symbol, accountId, reason: text('Why.') },
  },
  MatchingPaused: {
    description:
      `A book has more to do than one command does: it goes on by itself in the next one, and
      no other command changes it before.`.replace(/\s+/g, ' '),
    fields: {
      symbol,
      wavesDone: integer('How many of the StopsReached before this event are worked off by now.'),
      after: integer('The priority up to which the orders of the first one left have entered.'),
      tasksDone: integer('How many of the prices and cancels that were queued are worked off.'),
    },
  },
  MatchingFinished: {
    description: 'A book has done all that commands have set off in it.',
    fields: { symbol },
  },
  ClientOrderIdAssigned: {
    description:
      "An open order has a client's own id, which no other open order of its account has.",
    fields: { accountId, clientOrderId: text("The client's own id of the order."), orderId },
  },
} as const satisfies EventDefinitions;

export type TradingEvent = EventOf<typeof tradingEvents>;
export type StoredTradingEvent = StoredEventOf<typeof tradingEvents>;

/** An event of the given type, as it is read back. */
export type StoredTrading<Type extends StoredTradingEvent['type']> = Extract<
  StoredTradingEvent,
  { type: Type }
>;
