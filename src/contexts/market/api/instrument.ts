import type { ApiParts } from '../../../api/api-parts.ts';
import { codedError } from '../../../api/errors.ts';
import { parseFilterBy } from '../../../api/filter-input.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import { InstrumentNotFound } from '../commands.ts';
import type { Instrument } from '../instrument.ts';
import { isSymbol, symbolFault } from '../symbol.ts';
import {
  instrumentsView,
  lastPricesView,
  type Price,
  pricesView,
  toPricePosition,
} from '../views.ts';

/** An instrument at a read point: what is nested in it answers at the same one. */
export interface InstrumentAt {
  readonly typename: 'Instrument';
  readonly instrument: Instrument;
  readonly at: ReadPoint;
}

export function toInstrumentAt(instrument: Instrument, at: ReadPoint): InstrumentAt {
  return { typename: 'Instrument', instrument, at };
}

export async function findInstrument(
  context: RequestContext,
  symbol: string,
  at: ReadPoint,
): Promise<InstrumentAt | null> {
  if (!isSymbol(symbol)) return null;
  const found = await context.document(instrumentsView, symbol, at);
  return found === null ? null : toInstrumentAt(found.document, at);
}

/**
 * The symbol of an instrument that is listed, for what is watched of it. Throws BAD_USER_INPUT when
 * it can be no symbol, INSTRUMENT_NOT_FOUND when it is none.
 */
export async function listedSymbol(context: RequestContext, symbol: string): Promise<string> {
  parseFilterBy(symbolFault, symbol);
  // What has just been listed here counts, as for all that is watched.
  const at = Math.max(await context.pinnedSequence(), context.engine.feed.tail());
  await context.waitForViews(at);
  if ((await findInstrument(context, symbol, at)) !== null) return symbol;
  throw codedError(InstrumentNotFound.code, `there is no instrument ${symbol}`);
}

/** The Instrument type. */
export const instrumentTypes = oncePerSchema(addInstrumentTypes);

export type InstrumentRefs = ReturnType<typeof addInstrumentTypes>;

function addInstrumentTypes({ builder, nodes }: ApiParts) {
  const status = builder.enumType('TradingStatus', { values: ['OPEN', 'HALTED'] as const });
  const instrument = builder.objectRef<InstrumentAt>('Instrument').implement({
    description: 'Something that has a price and can be traded.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({ description: 'Its symbol.', resolve: (source) => source.instrument.symbol }),
      symbol: t.id({ resolve: (source) => source.instrument.symbol }),
      name: t.string({ resolve: (source) => source.instrument.name }),
      currency: t.string({
        description: 'ISO 4217: what its prices are in.',
        resolve: (source) => source.instrument.currency,
      }),
      tickSize: t.field({ type: 'Decimal', resolve: (source) => source.instrument.tickSize }),
      lotSize: t.field({ type: 'Decimal', resolve: (source) => source.instrument.lotSize }),
      makerFeeBps: t.field({ type: 'Decimal', resolve: (source) => source.instrument.makerFeeBps }),
      takerFeeBps: t.field({ type: 'Decimal', resolve: (source) => source.instrument.takerFeeBps }),
      tradingStatus: t.field({
        type: status,
        resolve: (source) => source.instrument.tradingStatus,
      }),
      lastPrice: t.field({
        type: 'Decimal',
        nullable: true,
        description: 'Of the prices known, recorded or traded, the one that occurred last.',
        resolve: async (source, _args, context) =>
          (await readLastPrice(context, source))?.price ?? null,
      }),
      lastPriceAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it occurred.',
        resolve: async (source, _args, context) =>
          (await readLastPrice(context, source))?.occurredAt ?? null,
      }),
      priceOn: t.field({
        type: 'Decimal',
        nullable: true,
        description: 'The last price that had occurred by then (not: had been recorded).',
        args: { time: t.arg({ type: 'DateTime', required: true }) },
        resolve: (source, { time }, context) => readPriceOn(context, source, time),
      }),
    }),
  });
  return { instrument };
}

async function readLastPrice(
  context: RequestContext,
  { instrument: { symbol }, at }: InstrumentAt,
): Promise<Price | null> {
  await context.waitForViews(at);
  return (await context.document(lastPricesView, symbol, at))?.document ?? null;
}

async function readPriceOn(
  context: RequestContext,
  { instrument: { symbol }, at }: InstrumentAt,
  time: string,
): Promise<string | null> {
  await context.waitForViews(at);
  const [last] = await context.list(
    pricesView,
    {
      list: 'OCCURRED_AT',
      filter: {},
      after: { position: `${symbol} `, key: '' },
      before: { position: toPricePosition(symbol, time), key: '\u{10ffff}' },
      limit: 1,
      descending: true,
    },
    at,
  );
  return last?.document.price ?? null;
}
