import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { frameSequence, latestDescription } from '../../../api/state-frames.ts';
import { watchState } from '../../../api/watch-found.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import { topicsOf } from '../../../views/watching/watch-document.ts';
import type { Watchable, WatchedState } from '../../../views/watching/watched-state.ts';
import { type Candle, type CandleInterval, candlesView, toCandleKey } from '../candles.ts';
import { lastPricesView } from '../views.ts';
import { type InstrumentRefs, listedSymbol } from './instrument.ts';

const candlesMax = 500;
/** A candle changes with every trade: only the newest state in this time is sent. */
const framePauseMs = 50;

/** Adds Instrument.candles and Subscription.candles. */
export function addCandles(parts: ApiParts, { instrument }: InstrumentRefs): void {
  const refs = { instrument, candle: addCandle(parts), interval: addCandleInterval(parts) };
  addCandlesField(parts, refs);
  addCandlesSubscription(parts, refs);
}

interface CandleRefs extends InstrumentRefs {
  readonly candle: ReturnType<typeof addCandle>;
  readonly interval: ReturnType<typeof addCandleInterval>;
}

function addCandleInterval({ builder }: ApiParts) {
  return builder.enumType('CandleInterval', {
    description: 'The length of a candle.',
    values: {
      MINUTE: { description: 'The candle covers one minute.' },
      HOUR: { description: 'The candle covers one hour.' },
      DAY: { description: 'The candle covers one day in UTC.' },
    } satisfies Record<CandleInterval, object>,
  });
}

function addCandle({ builder }: ApiParts) {
  return builder.objectRef<Candle>('Candle').implement({
    description: 'The prices and the volume of the trades in an interval.',
    fields: (t) => ({
      start: t.expose('start', {
        type: 'DateTime',
        description: 'The time at which the interval begins.',
      }),
      open: t.expose('open', {
        type: 'Decimal',
        description: "The price of the first trade, in the instrument's currency.",
      }),
      high: t.expose('high', {
        type: 'Decimal',
        description: "The highest price of a trade, in the instrument's currency.",
      }),
      low: t.expose('low', {
        type: 'Decimal',
        description: "The lowest price of a trade, in the instrument's currency.",
      }),
      close: t.expose('close', {
        type: 'Decimal',
        description: "The price of the last trade, in the instrument's currency.",
      }),
      volume: t.expose('volume', {
        type: 'Decimal',
        description: 'The number of shares traded in the interval.',
      }),
      trades: t.exposeInt('trades', { description: 'The number of trades in the interval.' }),
    }),
  });
}

function addCandlesField({ builder }: ApiParts, refs: CandleRefs): void {
  const { instrument, candle, interval } = refs;
  builder.objectField(instrument, 'candles', (t) =>
    t.field({
      type: [candle],
      description: oneLine`The candles that begin in a range of time, oldest first. An interval
        without trades has no candle. A range with more than ${candlesMax} candles returns a
        BAD_USER_INPUT error: request a shorter one.`,
      args: {
        interval: t.arg({
          type: interval,
          required: true,
          description: 'The length of each candle.',
        }),
        from: t.arg({
          type: 'DateTime',
          required: true,
          description: 'The beginning of the range, inclusive.',
        }),
        to: t.arg({
          type: 'DateTime',
          required: true,
          description: 'The end of the range, exclusive: every candle begins before it.',
        }),
      },
      resolve: ({ instrument: { symbol }, at }, args, context) =>
        readCandles(context, { symbol, ...args }, at),
    }),
  );
}

function addCandlesSubscription({ builder }: ApiParts, { candle, interval }: CandleRefs): void {
  const frame = builder.objectRef<WatchedState<Candle | null>>('CandleFrame').implement({
    description: 'The state of the last candle of an instrument.',
    fields: (t) => ({
      sequence: t.expose('sequence', frameSequence),
      candle: t.expose('state', {
        type: candle,
        nullable: true,
        description: 'The last candle. Null if the instrument has not traded yet.',
      }),
    }),
  });
  builder.subscriptionField('candles', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: frame,
      description: oneLine`Sends the last candle of an instrument first, then each new state of it
        and each new candle, at most one frame every ${framePauseMs} ms. ${latestDescription} Fails
        with INSTRUMENT_NOT_FOUND if no instrument has the symbol.`,
      args: {
        symbol: t.arg.id({
          required: true,
          description: 'The symbol of the instrument, in upper case.',
        }),
        interval: t.arg({
          type: interval,
          required: true,
          description: 'The length of the candle.',
        }),
      },
      subscribe: async (_root, args, context) => {
        const symbol = await listedSymbol(context, args.symbol);
        return watchState(context, lastCandle(context.engine.views, symbol, args.interval));
      },
      resolve: (state) => state,
    }),
  );
}

interface CandleRange {
  readonly symbol: string;
  readonly interval: CandleInterval;
  readonly from: string;
  readonly to: string;
}

async function readCandles(
  context: RequestContext,
  { symbol, interval, from, to }: CandleRange,
  at: ReadPoint,
): Promise<Candle[]> {
  await context.waitForViews(at);
  // The positions sort in byte order: `after` lies just before a candle that begins at `from`.
  const after = { position: toCandleKey(symbol, interval, from), key: '' };
  const before = { position: toCandleKey(symbol, interval, to), key: '' };
  const page = { list: 'START', after, before, limit: candlesMax + 1 };
  const found = await context.views.list(candlesView, page, at);
  if (found.length > candlesMax) {
    badInput(`the range has more than ${candlesMax} candles: request a shorter range`, 'to');
  }
  return found.map(({ document }) => document);
}

function lastCandle(
  views: Views,
  symbol: string,
  interval: CandleInterval,
): Watchable<Candle | null> {
  return {
    key: `candle ${symbol} ${interval}`,
    topics: () => [{ of: topicsOf(lastPricesView), name: symbol }],
    async read(sequence) {
      const [last] = await views.list(
        candlesView,
        {
          list: 'START',
          after: { position: toCandleKey(symbol, interval, ''), key: '' },
          before: { position: toCandleKey(symbol, interval, '~'), key: '' },
          limit: 1,
          descending: true,
        },
        sequence,
      );
      return last?.document ?? null;
    },
    isNews: (before, after) =>
      (after !== null && after.trades !== before?.trades) ||
      startOfCandle(before) !== startOfCandle(after),
    pauseMs: framePauseMs,
  };
}

function startOfCandle(candle: Candle | null): string | null {
  return candle?.start ?? null;
}
