import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import { rangeOf } from '../../../api/list-connection.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import type { StoredEvent } from '../../../kernel/event.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import type { Watchable } from '../../../views/watching/watched-state.ts';
import { findInstrument, instrumentTypes } from '../../market/api/instrument.ts';
import { changedBookOf, levelsView, type PriceLevel } from '../views/price-levels.ts';

/** The best price levels of an order book at a read point. */
export interface OrderBook extends BookRequest {
  readonly typename: 'OrderBook';
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  readonly at: ReadPoint;
}

/** The number of levels on each side if the client gives none. */
export const depthDefault = 10;
const depthMax = 500;
/** The description of the argument `depth`. */
export const depthDescription = `The maximum number of levels on each side, 1 to ${depthMax}.`;
/** The description of the argument `symbol`. */
export const symbolDescription = 'The symbol of the instrument, in upper case.';
/** A book can change thousands of times a second: only the newest state in this time is sent. */
export const framePauseMs = 50;

/** Adds the type OrderBook and the field Instrument.orderBook. */
export const bookTypes = oncePerSchema(addBookTypes);

function addBookTypes(parts: ApiParts) {
  const { builder, nodes } = parts;
  const { instrument } = instrumentTypes(parts);
  const level = builder.objectRef<PriceLevel>('PriceLevel').implement({
    description: 'A price level: all orders that rest at one price on one side of an order book.',
    fields: (t) => ({
      price: t.expose('price', {
        type: 'Decimal',
        description: "The price of one share, in the instrument's currency.",
      }),
      quantity: t.expose('quantity', {
        type: 'Decimal',
        description: 'The total number of shares of the orders that rest at the price.',
      }),
      orders: t.exposeInt('orders', {
        description: 'The number of orders that rest at the price.',
      }),
    }),
  });
  const book = builder.objectRef<OrderBook>('OrderBook').implement({
    description: 'The best price levels of the order book of an instrument.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: oneLine`The id of the order book at the moment at which it was read:
          "book-<symbol>-<depth>", and with \`asOf\` also "@" and the sequence number.`,
        resolve: ({ symbol, depth, at }) => idAt(toBookKey(symbol, depth), at),
      }),
      symbol: t.exposeID('symbol', { description: 'The symbol of the instrument.' }),
      bids: t.field({
        type: [level],
        description: 'The levels of orders to buy, highest price first; at most `depth` levels.',
        resolve: ({ bids }) => [...bids],
      }),
      asks: t.field({
        type: [level],
        description: 'The levels of orders to sell, lowest price first; at most `depth` levels.',
        resolve: ({ asks }) => [...asks],
      }),
      sequence: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number at which this state was read. In a dry run, it is
          the sequence number at which the dry run was decided.`,
        resolve: ({ at }) => baseSequenceOf(at),
      }),
    }),
  });
  builder.objectField(instrument, 'orderBook', (t) =>
    t.field({
      type: book,
      description: "The best price levels of the instrument's order book.",
      args: { depth: t.arg.int({ defaultValue: depthDefault, description: depthDescription }) },
      resolve: async ({ instrument: { symbol }, at }, { depth }, context) => {
        const levels = parseDepth(depth);
        await context.waitForViews(at);
        return readBook(context.views, { symbol, depth: levels }, at);
      },
    }),
  );
  return { book, level };
}

function toBookKey(symbol: string, depth: number): string {
  return `book-${symbol}-${depth}`;
}

/** Finds an order book by its key; null if the text is no key or the instrument is not listed. */
export async function findBook(
  context: RequestContext,
  key: string,
  at: ReadPoint,
): Promise<OrderBook | null> {
  const [, symbol = '', digits = ''] = /^book-(.+)-([1-9]\d{0,2})$/.exec(key) ?? [];
  const depth = Number(digits);
  if (depth < 1 || depth > depthMax) return null;
  const instrument = await findInstrument(context, symbol, at);
  return instrument && readBook(context.views, { symbol, depth }, at);
}

export function parseDepth(depth: number | null | undefined): number {
  const levels = depth ?? depthDefault;
  if (levels < 1 || levels > depthMax) {
    badInput(`depth must be 1 to ${depthMax}, not ${levels}`, 'depth');
  }
  return levels;
}

interface BookRequest {
  readonly symbol: string;
  readonly depth: number;
}

async function readBook(
  views: Pick<Views, 'list'>,
  { symbol, depth }: BookRequest,
  at: ReadPoint,
): Promise<OrderBook> {
  const read = async (side: 'BUY' | 'SELL'): Promise<readonly PriceLevel[]> => {
    const page = { list: 'PRICE', limit: depth, ...rangeOf(`${symbol} ${side} `) };
    const found = await views.list(levelsView, { ...page, descending: side === 'BUY' }, at);
    return found.map(({ document }) => document);
  };
  const [bids, asks] = await Promise.all([read('BUY'), read('SELL')]);
  return { typename: 'OrderBook', symbol, depth, bids, asks, at };
}

/** The best levels of a book, to be watched. A change of `sequence` alone is not a new state. */
export function watchableBook(
  views: Pick<Views, 'list'>,
  request: BookRequest,
): Watchable<OrderBook> {
  return {
    key: `book ${request.symbol} ${request.depth}`,
    topics: () => [{ of: changedBooks, name: request.symbol }],
    read: (sequence) => readBook(views, request, sequence),
    isNews: (before, after) => contentOf(before) !== contentOf(after),
    pauseMs: framePauseMs,
  };
}

/** The symbol of the book that an event changes, as a topic. */
export function changedBooks(event: StoredEvent): readonly string[] {
  const symbol = changedBookOf(event);
  return symbol === null ? [] : [symbol];
}

function contentOf({ bids, asks }: OrderBook): string {
  return JSON.stringify([bids, asks]);
}
