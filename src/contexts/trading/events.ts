import {
  becomes,
  type EventAudience,
  type EventDefinitions,
  type EventOf,
  type StoredEventOf,
} from '../../kernel/event-definition.ts';
import { dateTime, decimal, enumOf, id, integer, nullable, text } from '../../kernel/field.ts';
import { oneLine } from '../../lib/one-line.ts';
import {
  accountId,
  accruedFee,
  expiresAt,
  filledQuantity,
  filledValue,
  final,
  held,
  instruction,
  limitPrice,
  orderId,
  progress,
  settledValue,
  symbol,
  timeInForce,
} from './order-fields.ts';
import { orderTypeEnum } from './order-terms.ts';

/** The actors who may see the account of the order. */
const viewers: EventAudience = { accounts: ['accountId'] };

const waiting = oneLine`The remaining stop orders enter the market in the next commands, ordered by
  priority, after those that were reached before.`;
/** The range of prices that reached stop orders. */
const reachedPrices = {
  lowPrice: decimal(
    oneLine`The lowest of the prices, in the instrument's currency. It reached orders to sell whose
    stop price is equal or higher.`,
  ),
  highPrice: decimal(
    oneLine`The highest of the prices, in the instrument's currency. It reached orders to buy whose
    stop price is equal or lower.`,
  ),
};

/**
 * All events of orders. The stream of an order has what its client requested. The stream of the
 * instrument's book has what the market did with it, in the order in which it was done.
 */
export const tradingEvents = {
  OrderPlaced: {
    description: 'An order was placed.',
    audience: viewers,
    fields: { ...instruction, filledQuantity, filledValue },
  },
  OrderRejected: {
    description: 'A well-formed order was rejected by the market.',
    audience: viewers,
    fields: {
      ...instruction,
      code: text('The code of the error, such as INSUFFICIENT_FUNDS.'),
      reason: nullable(text('The message of the error.')),
    },
  },
  BookOpened: {
    description: 'The order book of the instrument was opened.',
    audience: 'EVERYONE',
    fields: {
      symbol,
      currency: text('The ISO 4217 code of the currency in which the instrument trades.'),
      tickSize: decimal(
        "The tick size, in the instrument's currency. Prices of orders are multiples of it.",
      ),
      lotSize: decimal('The lot size, in shares. Quantities of orders are multiples of it.'),
      lastPrice: nullable(
        decimal("The last known price, in the instrument's currency. Null if no price was known."),
      ),
      lastPriceAt: nullable(
        dateTime('The time at which the last price occurred. Null if no price was known.'),
      ),
    },
  },
  ReferencePriceSet: {
    description:
      'A price from an external source became the last price, which can trigger stop orders.',
    audience: 'EVERYONE',
    fields: {
      symbol,
      price: decimal("The price as it was recorded, in the instrument's currency."),
    },
  },
  OrderBooked: {
    description: 'An order, or its remainder after it had traded, was added to the book.',
    audience: viewers,
    fields: {
      ...progress,
      price: decimal("The limit price of the order, in the instrument's currency."),
      priority: integer(
        oneLine`The time priority. Of two orders at the same price, the one with the smaller number
        trades first.`,
      ),
      held,
      expiresAt,
      settledValue,
      accruedFee,
    },
    upcasters: [(data) => ({ ...data, settledValue: '0', accruedFee: '0' })],
  },
  OrderHeld: {
    description: 'A stop order began to wait for its trigger price.',
    audience: viewers,
    fields: {
      ...progress,
      orderType: enumOf(orderTypeEnum, 'The type of the order: STOP or STOP_LIMIT.'),
      timeInForce,
      stopPrice: decimal("The price that triggers the order, in the instrument's currency."),
      limitPrice,
      priority: integer(
        oneLine`The time priority. Of stop orders that are triggered together, the one with the
        smaller number enters the market first.`,
      ),
      held,
      expiresAt,
    },
  },
  OrderTriggered: {
    description: 'A price triggered a stop order, and the order entered the market.',
    audience: viewers,
    fields: {
      orderId,
      accountId,
      symbol,
      price: decimal("The price that triggered the order, in the instrument's currency."),
    },
  },
  OrderCanceled: {
    description: 'The remainder of an order was canceled.',
    audience: viewers,
    fields: {
      ...final,
      reason: nullable(
        text(
          oneLine`The reason: a code of the market such as IOC or SELF_TRADE, or the text of the
          client. Null if the client gave none.`,
        ),
      ),
    },
  },
  OrderExpired: {
    description: 'The remainder of an order expired.',
    audience: viewers,
    fields: { ...final, expiresAt: dateTime('The time at which the order expired.') },
  },
  OrderReplaced: {
    description: 'An order was replaced by another order.',
    audience: viewers,
    fields: { ...final, newOrderId: id('The id of the new order.') },
  },
  OrderPaused: {
    description: oneLine`An incoming order was paused because it had traded with as many orders as
      one command allows. It continues in the next command, before anything else happens in the
      book. All that it may spend is reserved until then.`,
    audience: viewers,
    fields: {
      ...progress,
      timeInForce,
      limitPrice,
      held,
      heldQuantity: decimal(
        'The number of shares that are reserved for the order. It is 0 for an order to buy.',
      ),
      expiresAt,
      settledValue,
      accruedFee,
      lowPrice: nullable(
        decimal(
          oneLine`The lowest price at which the order has traded since it entered the market, in
          the instrument's currency. Null if it has not traded.`,
        ),
      ),
      highPrice: nullable(
        decimal(
          oneLine`The highest price at which the order has traded since it entered the market, in
          the instrument's currency. Null if it has not traded.`,
        ),
      ),
    },
  },
  StopsReached: {
    description: oneLine`Trades reached more stop orders than one command could process.
      ${waiting}`,
    audience: 'LOG',
    fields: { symbol, ...reachedPrices },
    // Until schema version 1, a recorded price reached stop orders by an event of this type, too.
    upcasters: [
      ({ price, placedBy, ...data }) =>
        price == null
          ? data
          : becomes('StopsReachedByPrice', { ...data, price, placedBy: placedBy ?? null }),
    ],
    splitInto: ['StopsReachedByPrice'],
  },
  StopsReachedByPrice: {
    description: oneLine`A price from an external source reached more stop orders than one command
      could process. ${waiting}`,
    audience: 'LOG',
    fields: {
      symbol,
      price: decimal("The price as it was recorded, in the instrument's currency."),
      placedBy: nullable(
        dateTime(
          oneLine`The time of the price. Only orders placed at or before it were reached. Null if it
          does not matter when the orders were placed.`,
        ),
      ),
      ...reachedPrices,
    },
  },
  PriceQueued: {
    description: oneLine`A price from an external source was queued, because earlier commands had
      left work in the book. It takes effect when this work is done.`,
    audience: 'LOG',
    fields: {
      symbol,
      price: decimal("The price as it was recorded, in the instrument's currency."),
      priceAt: nullable(
        dateTime(
          'The time at which the price occurred. Null if the price occurs when it takes effect.',
        ),
      ),
    },
  },
  CancelsQueued: {
    description: oneLine`The cancellation of all open orders of an account in the book was queued.
      It is carried out in the next commands, after the work that was queued before it.`,
    audience: viewers,
    fields: {
      symbol,
      accountId: id('The id of the account.'),
      reason: text('The reason that is recorded for each canceled order.'),
    },
  },
  MatchingPaused: {
    description: oneLine`A command left work in the book, because one command may do only a limited
      amount of it. The server continues the work by itself. Later commands for the book are
      decided after this work.`,
    audience: 'LOG',
    fields: {
      symbol,
      wavesDone: integer(
        oneLine`The number of pending StopsReached and StopsReachedByPrice events that this command
        completed, oldest first.`,
      ),
      after: integer(
        oneLine`The priority of the last stop order that entered the market from the oldest of these
        events that is still pending. It is 0 if none has entered yet.`,
      ),
      tasksDone: integer(
        oneLine`The number of pending PriceQueued and CancelsQueued events that this command
        completed, oldest first.`,
      ),
    },
  },
  MatchingFinished: {
    description: 'The book completed all work that earlier commands had left in it.',
    audience: 'LOG',
    fields: { symbol },
  },
  ClientOrderIdAssigned: {
    description: oneLine`A client order id was assigned to an open order. No other open order of the
      account has it.`,
    audience: viewers,
    fields: { accountId, clientOrderId: text("The client's own id for the order."), orderId },
  },
} as const satisfies EventDefinitions;

export type TradingEvent = EventOf<typeof tradingEvents>;
export type StoredTradingEvent = StoredEventOf<typeof tradingEvents>;

/** A stored event of the given type. */
export type StoredTrading<Type extends StoredTradingEvent['type']> = Extract<
  StoredTradingEvent,
  { type: Type }
>;
