import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import { rangeOf } from '../../../api/list-connection.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { StoredEvent } from '../../../kernel/event.ts';
import { type ReadPoint, sequenceOf } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import type { Watchable } from '../../../views/watching/watched-state.ts';
import { instrumentTypes } from '../../market/api/instrument.ts';
import { changedBookOf, levelsView, type PriceLevel } from '../views/price-levels.ts';

/** The best levels of a book at a read point. */
export interface OrderBook {
  readonly symbol: string;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  readonly sequence: number;
}

const depthDefault = 10;
const depthMax = 500;
/** A book can change thousands of times a second: the newest of so long is told. */
const framePauseMs = 50;

/** The OrderBook type, and Instrument.orderBook. */
export const bookTypes = oncePerSchema(addBookTypes);

function addBookTypes(parts: ApiParts) {
  const { builder } = parts;
  const { instrument } = instrumentTypes(parts);
  const level = builder.objectRef<PriceLevel>('PriceLevel').implement({
    description: 'All that rests at one price.',
    fields: (t) => ({
      price: t.expose('price', { type: 'Decimal' }),
      quantity: t.expose('quantity', { type: 'Decimal' }),
      orders: t.exposeInt('orders'),
    }),
  });
  const book = builder.objectRef<OrderBook>('OrderBook').implement({
    description: 'What rests in the book of an instrument, best prices first.',
    fields: (t) => ({
      symbol: t.exposeID('symbol'),
      bids: t.field({ type: [level], resolve: ({ bids }) => [...bids] }),
      asks: t.field({ type: [level], resolve: ({ asks }) => [...asks] }),
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description:
          `The sequence at which this was read. In a dry run: the end of the log on which it
          was decided.`.replace(/\s+/g, ' '),
      }),
    }),
  });
  builder.objectField(instrument, 'orderBook', (t) =>
    t.field({
      type: book,
      args: { depth: t.arg.int({ defaultValue: depthDefault, description: 'Levels a side.' }) },
      resolve: async ({ instrument: { symbol }, at }, { depth }, context) => {
        const levels = parseDepth(depth);
        await context.waitForViews(at);
        return readBook(context.views, { symbol, depth: levels }, at);
      },
    }),
  );
  return { book };
}

export function parseDepth(depth: number | null | undefined): number {
  const levels = depth ?? depthDefault;
  if (levels < 1 || levels > depthMax) badInput(`depth is 1 to ${depthMax}, not ${levels}`);
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
    const page = { list: 'PRICE', filter: {}, limit: depth, ...rangeOf(`${symbol} ${side} `) };
    const found = await views.list(levelsView, { ...page, descending: side === 'BUY' }, at);
    // The view's own evolve has made the documents: they are levels.
    return found.map(({ document }) => document as PriceLevel);
  };
  const [bids, asks] = await Promise.all([read('BUY'), read('SELL')]);
  return { symbol, bids, asks, sequence: sequenceOf(at) };
}

/** The best levels of a book, to be watched: the newest of a short time. */
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

function changedBooks(event: StoredEvent): readonly string[] {
  const symbol = changedBookOf(event);
  return symbol === null ? [] : [symbol];
}

function contentOf({ bids, asks }: OrderBook): string {
  return JSON.stringify([bids, asks]);
}
