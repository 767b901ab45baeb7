import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { watchState } from '../../../api/watch-found.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import { topicsOf } from '../../../views/watching/watch-document.ts';
import type { Watchable, WatchedState } from '../../../views/watching/watched-state.ts';
import {
  type Candle,
  type CandleInterval,
  candleIntervals,
  candlesView,
  toCandleKey,
} from '../candles.ts';
import { lastPricesView } from '../views.ts';
import { type InstrumentRefs, listedSymbol } from './instrument.ts';

const candlesMax = 500;
/** Candles change with every trade: the newest of so long is told. */
const framePauseMs = 50;

/** Instrument.candles, and Subscription.candles. */
export function addCandles({ builder }: ApiParts, { instrument }: InstrumentRefs): void {
  const interval = builder.enumType('CandleInterval', { values: candleIntervals });
  const candle = builder.objectRef<Candle>('Candle').implement({
    description: 'The trades of an interval that begins at `start`, in UTC.',
    fields: (t) => ({
      start: t.expose('start', { type: 'DateTime' }),
      open: t.expose('open', { type: 'Decimal' }),
      high: t.expose('high', { type: 'Decimal' }),
      low: t.expose('low', { type: 'Decimal' }),
      close: t.expose('close', { type: 'Decimal' }),
      volume: t.expose('volume', { type: 'Decimal', description: 'Shares traded.' }),
      trades: t.exposeInt('trades'),
    }),
  });
  builder.objectField(instrument, 'candles', (t) =>
    t.field({
      type: [candle],
      description: `Candles that begin at or after \`from\` and before \`to\`, in order; one without
        trades is absent; at most ${candlesMax}.`.replace(/\s+/g, ' '),
      args: {
        interval: t.arg({ type: interval, required: true }),
        from: t.arg({ type: 'DateTime', required: true }),
        to: t.arg({ type: 'DateTime', required: true }),
      },
      resolve: ({ instrument: { symbol }, at }, args, context) =>
        readCandles(context, { symbol, ...args }, at),
    }),
  );
  const frame = builder.objectRef<WatchedState<Candle | null>>('CandleFrame').implement({
    description: 'The last candle as it stands at a sequence.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      candle: t.expose('state', {
        type: candle,
        nullable: true,
        description: 'Null: nothing has been traded yet.',
      }),
    }),
  });
  builder.subscriptionField('candles', (t) =>
    t.field({
      type: frame,
      description:
        `The last candle of an instrument now, then as it changes, and each that begins. A
        slow reader may miss states in between, never the last one.`.replace(/\s+/g, ' '),
      args: {
        symbol: t.arg.id({ required: true }),
        interval: t.arg({ type: interval, required: true }),
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
  // The first one that begins at or after `from`: whatever comes before it in byte order is out.
  const after = { position: toCandleKey(symbol, interval, from), key: '' };
  const before = { position: toCandleKey(symbol, interval, to), key: '' };
  const page = { list: 'START', filter: {}, after, before, limit: candlesMax + 1 };
  const found = await context.list(candlesView, { ...page, descending: false }, at);
  if (found.length > candlesMax) badInput(`there are more than ${candlesMax} candles in that time`);
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
          ...{ list: 'START', filter: {}, limit: 1, descending: true },
          after: { position: toCandleKey(symbol, interval, ''), key: '' },
          before: { position: toCandleKey(symbol, interval, '~'), key: '' },
        },
        sequence,
      );
      // The view's own evolve has made the document: it is a candle.
      return (last?.document as Candle | undefined) ?? null;
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
