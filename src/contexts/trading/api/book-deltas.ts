import { crc32 } from 'node:zlib';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { watchState } from '../../../api/watch-found.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { Views } from '../../../views/views.ts';
import type { Watchable } from '../../../views/watching/watched-state.ts';
import { listedSymbol } from '../../market/api/instrument.ts';
import { levelsView, type PriceLevel } from '../views/price-levels.ts';
import { bookTypes, changedBooks, framePauseMs, symbolDescription } from './book.ts';

/** All price levels of a book at a sequence, best first. */
interface WholeBook {
  readonly sequence: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  readonly checksum: string;
}

/** What changes one state of a book into a later one. */
interface BookDelta extends WholeBook {
  readonly isSnapshot: boolean;
}

/** How many levels of each side the checksum covers. */
const checkedLevels = 10;

/** Adds `Subscription.orderBookDeltas`. */
export function addBookDeltas(parts: ApiParts): void {
  const { builder } = parts;
  const { level } = bookTypes(parts);
  const changed = (order: string) => oneLine`In a snapshot, all levels of orders to ${order};
    otherwise, those that have changed, with their new quantity. A quantity of 0 means that no order
    rests at the price.`;
  const frame = builder.objectRef<BookDelta>('OrderBookDeltaFrame').implement({
    description: 'The changes of an order book since the previous frame, or all of it.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: oneLine`The sequence number of the state after this frame. To resume, subscribe
          with it as \`after\`.`,
      }),
      isSnapshot: t.exposeBoolean('isSnapshot', {
        description: oneLine`Whether the frame has the whole book: it then replaces what the client
          has. Otherwise, each level in it replaces the level with the same side and price.`,
      }),
      bids: t.field({
        type: [level],
        description: changed('buy, highest price first'),
        resolve: ({ bids }) => [...bids],
      }),
      asks: t.field({
        type: [level],
        description: changed('sell, lowest price first'),
        resolve: ({ asks }) => [...asks],
      }),
      checksum: t.exposeString('checksum', {
        description: oneLine`The CRC-32 of the state after this frame, as 8 hexadecimal digits. Its
          text has the best ${checkedLevels} bids and then the best ${checkedLevels} asks, each as
          price, colon and quantity, joined by commas. A client whose own book has another checksum
          subscribes again without \`after\`.`,
      }),
    }),
  });
  builder.subscriptionField('orderBookDeltas', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: frame,
      description: oneLine`Sends a whole order book first, then the price levels that have changed.
        With \`after\`, the first frame has the changes since then. Each frame leads to the exact
        state at its sequence number. A slow reader gets the changes of several events in one frame.
        Fails with INSTRUMENT_NOT_FOUND if no instrument has the symbol.`,
      args: {
        symbol: t.arg.id({ required: true, description: symbolDescription }),
        after: t.arg({
          type: 'Sequence',
          description: oneLine`The sequence number of the state that the client has. If omitted, the
            first frame is a snapshot.`,
        }),
      },
      subscribe: (_root, { symbol, after }, context) => watchDeltas(context, symbol, after ?? null),
      resolve: (value) => value,
    }),
  );
}

async function* watchDeltas(
  context: RequestContext,
  wanted: string,
  after: number | null,
): AsyncGenerator<BookDelta, void, undefined> {
  const symbol = await listedSymbol(context, wanted);
  if (after !== null) await context.assertRecorded(after, 'after');
  let before: WholeBook | null = null;
  if (after !== null) {
    await context.waitForViews(after);
    before = await readBook(context.views, symbol, after);
  }
  const watchable = watchableWholeBook(context.engine.views, symbol);
  for await (const { state } of watchState(context, watchable)) {
    yield deltaOf(before, state);
    before = state;
  }
}

function watchableWholeBook(views: Pick<Views, 'list'>, symbol: string): Watchable<WholeBook> {
  return {
    key: `whole book ${symbol}`,
    topics: () => [{ of: changedBooks, name: symbol }],
    read: (sequence) => readBook(views, symbol, sequence),
    isNews: (before, after) => hasChanges(deltaOf(before, after)),
    pauseMs: framePauseMs,
  };
}

async function readBook(
  views: Pick<Views, 'list'>,
  symbol: string,
  sequence: number,
): Promise<WholeBook> {
  const read = (side: 'BUY' | 'SELL') =>
    readWholeList(
      views,
      { view: levelsView, list: 'PRICE', prefix: `${symbol} ${side} ` },
      sequence,
    );
  const [rising, asks] = await Promise.all([read('BUY'), read('SELL')]);
  const bids = rising.toReversed();
  return { sequence, bids, asks, checksum: checksumOf(bids, asks) };
}

function checksumOf(bids: readonly PriceLevel[], asks: readonly PriceLevel[]): string {
  const best = [...bids.slice(0, checkedLevels), ...asks.slice(0, checkedLevels)];
  const text = best.map(({ price, quantity }) => `${price}:${quantity}`).join();
  return crc32(text).toString(16).padStart(8, '0');
}

const known = new WeakMap<WholeBook, { readonly before: WholeBook; readonly delta: BookDelta }>();

/** The same object for all readers that have received the same state before. */
function deltaOf(before: WholeBook | null, after: WholeBook): BookDelta {
  if (before === null) return snapshotOf(after);
  const found = known.get(after);
  if (found?.before === before) return found.delta;
  const bids = changedLevels(before.bids, after.bids);
  const asks = changedLevels(before.asks, after.asks);
  const delta = { ...after, isSnapshot: false, bids, asks };
  known.set(after, { before, delta });
  return delta;
}

const snapshots = new WeakMap<WholeBook, BookDelta>();

function snapshotOf(book: WholeBook): BookDelta {
  const snapshot = snapshots.get(book) ?? { ...book, isSnapshot: true };
  snapshots.set(book, snapshot);
  return snapshot;
}

/** The levels that differ, in the order of the later state, then those that no longer exist. */
function changedLevels(
  before: readonly PriceLevel[],
  after: readonly PriceLevel[],
): readonly PriceLevel[] {
  const gone = new Map(before.map((level) => [level.price, level]));
  const changed = after.filter((level) => {
    const old = gone.get(level.price);
    gone.delete(level.price);
    return old?.quantity !== level.quantity || old.orders !== level.orders;
  });
  return [
    ...changed,
    ...[...gone.values()].map((level) => ({ ...level, quantity: '0', orders: 0 })),
  ];
}

function hasChanges({ bids, asks }: BookDelta): boolean {
  return bids.length > 0 || asks.length > 0;
}
