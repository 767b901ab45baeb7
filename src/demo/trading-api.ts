import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../import/api-client.ts';
import { fromEpochMs } from '../lib/date-time.ts';
import type { Quote, QuoteSide } from './quotes.ts';
import type { QuotedOrder } from './requote.ts';
import { fromTicks, toTicks } from './stocks.ts';
import type { TakerOrder } from './taker-order.ts';

/** The result of an order, a replacement or a cancel. */
export interface OrderOutcome {
  /** The number of trades, including those of stop orders that it triggered. */
  readonly trades: number;
  /** The code of the rejection; null if the command was accepted. */
  readonly refusal: string | null;
}

/** What a trader sees of a stock before it acts. Prices are in ticks, cash is in dollars. */
interface Desk {
  readonly lastPrice: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly cash: number;
  readonly position: number;
  /** Shares that are not reserved. */
  readonly shares: number;
  /** The trader's orders in the book of the stock, the oldest first. */
  readonly orders: readonly QuotedOrder[];
  /** The ids of its stop orders that wait for their trigger price, the oldest first. */
  readonly stops: readonly string[];
}

/** The part of the API that the traders use. */
export interface TradingApi {
  readDesk(accountId: string, symbol: string): Promise<Desk>;
  quote(accountId: string, symbol: string, quote: Quote): Promise<OrderOutcome>;
  take(accountId: string, symbol: string, order: TakerOrder): Promise<OrderOutcome>;
  replace(orderId: string, quote: Quote): Promise<OrderOutcome>;
  cancel(orderId: string): Promise<OrderOutcome>;
}

export function createTradingApi(client: ApiClient): TradingApi {
  /** Sends a command with a key, so that it can be retried if the answer was lost. */
  async function send(name: string, query: string, input: object): Promise<OrderOutcome> {
    const keyed = { ...input, idempotencyKey: randomUUID() };
    const { data } = await client.send<Record<string, Result>>(query, { input: keyed });
    const { trades = [], code = null } = data[name] ?? {};
    return { trades: trades.length, refusal: code };
  }

  return {
    async readDesk(accountId, symbol) {
      const { data } = await client.send<DeskData>(desk, { accountId, symbol });
      return toDesk(data, symbol);
    },
    quote: (accountId, symbol, quote) =>
      send('placeOrder', place, {
        accountId,
        symbol,
        side: quote.side,
        type: 'LIMIT',
        timeInForce: 'GTC',
        quantity: String(quote.quantity),
        limitPrice: fromTicks(quote.price),
        postOnly: true,
      }),
    take: (accountId, symbol, { limitPrice, stopPrice, lifetimeMs, ...order }) =>
      send('placeOrder', place, {
        accountId,
        symbol,
        ...order,
        quantity: String(order.quantity),
        ...(limitPrice !== null && { limitPrice: fromTicks(limitPrice) }),
        ...(stopPrice !== null && { stopPrice: fromTicks(stopPrice) }),
        ...(lifetimeMs !== null && { expiresAt: fromEpochMs(Date.now() + lifetimeMs) }),
      }),
    replace: (orderId, { quantity, price }) =>
      send('replaceOrder', replace, {
        orderId,
        quantity: String(quantity),
        limitPrice: fromTicks(price),
      }),
    cancel: (orderId) => send('cancelOrder', cancel, { orderId }),
  };
}

interface Result {
  readonly trades?: readonly unknown[];
  readonly code?: string;
}

const place = `mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) { ... on PlaceOrderPayload { trades { id } } ... on Error { code } }
}`;
const replace = `mutation Replace($input: ReplaceOrderInput!) {
  replaceOrder(input: $input) { ... on ReplaceOrderPayload { trades { id } } ... on Error { code } }
}`;
const cancel = `mutation Cancel($input: CancelOrderInput!) {
  cancelOrder(input: $input) { ... on Error { code } }
}`;
/** A filter takes one status, so the open orders are three lists. */
const desk = `query Desk($accountId: ID!, $symbol: ID!) {
  account(id: $accountId) {
    available
    positions { symbol quantity held }
    whole: orders(first: 50, filter: { symbol: $symbol, status: NEW }) { nodes { ...own } }
    partly: orders(first: 50, filter: { symbol: $symbol, status: PARTIALLY_FILLED }) {
      nodes { ...own }
    }
    stops: orders(first: 50, filter: { symbol: $symbol, status: HELD }) { nodes { id } }
  }
  instrument(symbol: $symbol) {
    lastPrice
    orderBook(depth: 1) { bids { price } asks { price } }
  }
}
fragment own on Order { id side limitPrice leavesQuantity filledQuantity }`;

interface OwnOrder {
  readonly id: string;
  readonly side: QuoteSide;
  readonly limitPrice: string | null;
  readonly leavesQuantity: string;
  readonly filledQuantity: string;
}
interface Page<Node> {
  readonly nodes: readonly Node[];
}
interface DeskData {
  readonly account: {
    readonly available: string;
    readonly positions: readonly {
      readonly symbol: string;
      readonly quantity: string;
      readonly held: string;
    }[];
    readonly whole: Page<OwnOrder>;
    readonly partly: Page<OwnOrder>;
    readonly stops: Page<{ readonly id: string }>;
  };
  readonly instrument: {
    readonly lastPrice: string;
    readonly orderBook: Readonly<Record<'bids' | 'asks', readonly { readonly price: string }[]>>;
  };
}

function toDesk({ account, instrument }: DeskData, symbol: string): Desk {
  const position = account.positions.find((held) => held.symbol === symbol);
  const quantity = Number(position?.quantity ?? 0);
  const toTop = (levels: readonly { readonly price: string }[]) =>
    levels[0] === undefined ? null : toTicks(levels[0].price);
  return {
    lastPrice: toTicks(instrument.lastPrice),
    bid: toTop(instrument.orderBook.bids),
    ask: toTop(instrument.orderBook.asks),
    cash: Number(account.available),
    position: quantity,
    shares: quantity - Number(position?.held ?? 0),
    orders: [...account.whole.nodes, ...account.partly.nodes].map(toResting),
    stops: account.stops.nodes.map(({ id }) => id),
  };
}

function toResting(order: OwnOrder): QuotedOrder {
  return {
    id: order.id,
    side: order.side,
    price: toTicks(order.limitPrice ?? '0'),
    quantity: Number(order.leavesQuantity),
    filled: Number(order.filledQuantity),
  };
}
