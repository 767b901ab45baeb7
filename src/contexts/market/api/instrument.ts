import type { ObjectRef } from '@pothos/core';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { codedError } from '../../../api/errors.ts';
import { parseFilterBy } from '../../../api/filter-input.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { oneLine } from '../../../lib/one-line.ts';
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

/** An instrument at a read point. Its nested fields are read at the same point. */
interface InstrumentAt {
  readonly typename: 'Instrument';
  readonly instrument: Instrument;
  readonly at: ReadPoint;
}

/** The source of the type Instrument for a state that was read at a read point. */
export function toInstrumentAt(instrument: Instrument, at: ReadPoint): InstrumentAt {
  return { typename: 'Instrument', instrument, at };
}

/** Finds an instrument at a read point. Null if the text is not a symbol or is not listed. */
export async function findInstrument(
  context: RequestContext,
  symbol: string,
  at: ReadPoint,
): Promise<InstrumentAt | null> {
  if (!isSymbol(symbol)) return null;
  const found = await context.views.document(instrumentsView, symbol, at);
  return found === null ? null : toInstrumentAt(found.document, at);
}

/**
 * Checks the symbol of an instrument that is to be watched, and returns it. Throws BAD_USER_INPUT
 * if it is not a valid symbol, INSTRUMENT_NOT_FOUND if it is not listed.
 */
export async function listedSymbol(context: RequestContext, symbol: string): Promise<string> {
  parseFilterBy('symbol', symbolFault, symbol);
  // An instrument that this process has just listed counts, as in every subscription.
  const at = Math.max(await context.pinnedSequence(), context.engine.feed.tail());
  await context.waitForViews(at);
  if ((await findInstrument(context, symbol, at)) !== null) return symbol;
  throw codedError(InstrumentNotFound.code, `there is no instrument ${symbol}`);
}

/** The types Instrument and TradingStatus, added once to a schema. */
export const instrumentTypes = oncePerSchema(addInstrumentTypes);

export type InstrumentRefs = ReturnType<typeof addInstrumentTypes>;

function addInstrumentTypes(parts: ApiParts) {
  const { builder, nodes } = parts;
  const status = addTradingStatus(parts);
  const instrument = builder.objectRef<InstrumentAt>('Instrument').implement({
    description: 'An instrument that can be priced and traded.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: nodes.idDescription('symbol'),
        resolve: ({ instrument, at }) => idAt(instrument.symbol, at),
      }),
      symbol: t.id({
        description: 'The symbol of the instrument. It is the same at every moment.',
        resolve: (source) => source.instrument.symbol,
      }),
      name: t.string({
        description: 'The name of the instrument.',
        resolve: (source) => source.instrument.name,
      }),
      currency: t.string({
        description: "The currency of the instrument's prices, an ISO 4217 code.",
        resolve: (source) => source.instrument.currency,
      }),
      version: t.int({
        description: oneLine`The version of the instrument's stream. Pass it as expectedVersion to
          have a command rejected if the instrument has changed since.`,
        resolve: (source) => source.instrument.version,
      }),
      tradingStatus: t.field({
        type: status,
        description: 'The trading status of the instrument.',
        resolve: (source) => source.instrument.tradingStatus,
      }),
    }),
  });
  addUnitsAndFees(parts, instrument);
  addPrices(parts, instrument);
  return { instrument };
}

type InstrumentRef = ObjectRef<ApiTypes, InstrumentAt>;

function addTradingStatus({ builder }: ApiParts) {
  return builder.enumType('TradingStatus', {
    description: 'The trading status of an instrument.',
    values: {
      OPEN: { description: 'New orders are accepted.' },
      HALTED: {
        description: oneLine`New orders are rejected and stop orders are not triggered. Open orders
          can be canceled.`,
      },
    },
  });
}

const feeUnit = 'in basis points (hundredths of a percent) of the amount.';

function addUnitsAndFees({ builder }: ApiParts, instrument: InstrumentRef): void {
  builder.objectFields(instrument, (t) => ({
    tickSize: t.field({
      type: 'Decimal',
      description:
        "The tick size, in the instrument's currency. Prices of orders are multiples of it.",
      resolve: (source) => source.instrument.tickSize,
    }),
    lotSize: t.field({
      type: 'Decimal',
      description: 'The lot size, in shares. Quantities of orders are multiples of it.',
      resolve: (source) => source.instrument.lotSize,
    }),
    makerFeeBps: t.field({
      type: 'Decimal',
      description: `The fee of the resting side of a trade, ${feeUnit}`,
      resolve: (source) => source.instrument.makerFeeBps,
    }),
    takerFeeBps: t.field({
      type: 'Decimal',
      description: `The fee of the incoming side of a trade, ${feeUnit}`,
      resolve: (source) => source.instrument.takerFeeBps,
    }),
  }));
}

function addPrices({ builder }: ApiParts, instrument: InstrumentRef): void {
  builder.objectFields(instrument, (t) => ({
    lastPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: oneLine`The price that occurred last, recorded or traded, in the instrument's
        currency. Null if there is no price yet.`,
      resolve: async (source, _args, context) =>
        (await readLastPrice(context, source))?.price ?? null,
    }),
    lastPriceAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The time at which lastPrice occurred. Null if there is no price yet.',
      resolve: async (source, _args, context) =>
        (await readLastPrice(context, source))?.occurredAt ?? null,
    }),
    priceOn: t.field({
      type: 'Decimal',
      nullable: true,
      description: oneLine`The price at a time, in the instrument's currency: the last one that had
        occurred by then, even if it was recorded later. Null if no price had occurred by then.`,
      args: {
        time: t.arg({
          type: 'DateTime',
          required: true,
          description: 'The time whose price is requested.',
        }),
      },
      resolve: (source, { time }, context) => readPriceOn(context, source, time),
    }),
  }));
}

async function readLastPrice(
  context: RequestContext,
  { instrument: { symbol }, at }: InstrumentAt,
): Promise<Price | null> {
  await context.waitForViews(at);
  return (await context.views.document(lastPricesView, symbol, at))?.document ?? null;
}

async function readPriceOn(
  context: RequestContext,
  { instrument: { symbol }, at }: InstrumentAt,
  time: string,
): Promise<string | null> {
  await context.waitForViews(at);
  const [last] = await context.views.list(
    pricesView,
    {
      list: 'OCCURRED_AT',
      after: { position: `${symbol} `, key: '' },
      before: { position: toPricePosition(symbol, time), key: '\u{10ffff}' },
      limit: 1,
      descending: true,
    },
    at,
  );
  return last?.document.price ?? null;
}
