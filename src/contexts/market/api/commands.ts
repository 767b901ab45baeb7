import type { ApiParts } from '../../../api/api-parts.ts';
import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { badInput } from '../../../api/errors.ts';
import { parseOptionalText, parseText } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { stateAfter } from '../../../api/state-after.ts';
import { compare } from '../../../lib/decimal.ts';
import { parseStep, stepDigitsMax, trimZeros } from '../../../lib/steps.ts';
import { currencyFault } from '../../accounts/currencies.ts';
import * as commands from '../commands.ts';
import { instrumentDecider } from '../instrument.ts';
import { symbolFault } from '../symbol.ts';
import { instrumentsView } from '../views.ts';
import { type InstrumentAt, type InstrumentRefs, toInstrumentAt } from './instrument.ts';

interface ListFields extends Omit<commands.ListInstrument, 'makerFeeBps' | 'takerFeeBps'> {
  readonly makerFeeBps?: string | null;
  readonly takerFeeBps?: string | null;
}

const pricesMax = 1_000;
/** A tenth of the amount: beyond that a rate in basis points was meant in something else. */
const feeBpsMax = 1_000;

const feeDescription = `In hundredths of a percent: 0 to ${feeBpsMax}; 0 when absent.`;

/** The mutations of the market. */
export function addMarketCommands(parts: ApiParts, refs: InstrumentRefs): void {
  addListInstrument(parts, refs);
  addRecordPrice(parts, refs);
  addRecordPrices(parts, refs);
}

function addListInstrument({ addCommand }: ApiParts, { instrument }: InstrumentRefs): void {
  addCommand<commands.ListInstrument>({
    command: commands.listInstrument,
    without: ['expectedVersion'],
    input: (t) => ({
      symbol: t.id({
        required: true,
        description:
          `Like "MSFT": 1 to 20 of A-Z, 0-9, ".", "^", "_" and "-", of which the first is a
          letter or a digit.`.replace(/\s+/g, ' '),
      }),
      name: t.string({ required: true }),
      currency: t.string({ required: true, description: 'ISO 4217.' }),
      tickSize: t.field({
        type: 'Decimal',
        required: true,
        description: `More than zero, with at most ${stepDigitsMax} digits.`,
      }),
      lotSize: t.field({
        type: 'Decimal',
        required: true,
        description: `More than zero, with at most ${stepDigitsMax} digits.`,
      }),
      makerFeeBps: t.field({ type: 'Decimal', description: feeDescription }),
      takerFeeBps: t.field({ type: 'Decimal', description: feeDescription }),
    }),
    parse: parseListing,
    payload: (t) => ({
      instrument: t.field({
        type: instrument,
        resolve: (answer, _args, context) => instrumentAfter(context, answer, answer.input.symbol),
      }),
    }),
  });
}

function parseListing(fields: ListFields): commands.ListInstrument {
  const { symbol, name, currency, tickSize, lotSize } = fields;
  const makerFeeBps = fields.makerFeeBps ?? '0';
  const takerFeeBps = fields.takerFeeBps ?? '0';
  const fault = symbolFault(symbol) ?? currencyFault(currency);
  if (fault !== null) badInput(fault);
  for (const [name, size] of Object.entries({ tickSize, lotSize })) assertStep(name, size);
  for (const [name, rate] of Object.entries({ makerFeeBps, takerFeeBps })) assertFee(name, rate);
  return {
    symbol,
    name: parseText('name', name),
    currency,
    tickSize,
    lotSize,
    makerFeeBps,
    takerFeeBps,
  };
}

function assertStep(name: string, size: string): void {
  if (compare(size, '0') <= 0) badInput(`${name} is more than zero, not ${size}`);
  if (parseStep(size) !== null) return;
  const digits = trimZeros(size).replace('.', '').length;
  badInput(`${name} has at most ${stepDigitsMax} digits, not ${digits}`);
}

function assertFee(name: string, rate: string): void {
  if (compare(rate, '0') >= 0 && compare(rate, String(feeBpsMax)) <= 0) return;
  badInput(`${name} is 0 to ${feeBpsMax} (${feeBpsMax / 100} %), not ${rate}`);
}

function addRecordPrice({ addCommand }: ApiParts, { instrument }: InstrumentRefs): void {
  addCommand<commands.RecordPrice>({
    command: commands.recordPrice,
    input: (t) => ({
      symbol: t.id({ required: true }),
      price: t.field({ type: 'Decimal', required: true }),
    }),
    parse: ({ symbol, price }: commands.RecordPrice) => ({ symbol: parseSymbol(symbol), price }),
    payload: (t) => ({
      instrument: t.field({
        type: instrument,
        resolve: (answer, _args, context) => instrumentAfter(context, answer, answer.input.symbol),
      }),
    }),
  });
}

function addRecordPrices({ builder, addCommand }: ApiParts, { instrument }: InstrumentRefs): void {
  const point = builder.inputType('PricePointInput', {
    fields: (t) => ({
      price: t.field({ type: 'Decimal', required: true }),
      occurredAt: t.field({
        type: 'DateTime',
        required: true,
        description: `From when on it held. A time up to 5 seconds ahead of the server's is taken as
          now; a later one is refused.`.replace(/\s+/g, ' '),
      }),
    }),
  });
  addCommand<commands.RecordPrices>({
    command: commands.recordPrices,
    without: ['occurredAt'],
    input: (t) => ({
      symbol: t.id({ required: true }),
      prices: t.field({
        type: [point],
        required: true,
        description: `1 to ${pricesMax}, all or nothing.`,
      }),
    }),
    parse: ({ symbol, prices }: commands.RecordPrices) => {
      const count = prices.length;
      if (count === 0 || count > pricesMax) badInput(`prices are 1 to ${pricesMax}, not ${count}`);
      return {
        symbol: parseSymbol(symbol),
        prices: prices.map(({ price, occurredAt }) => ({ price, occurredAt })),
      };
    },
    times: ({ prices }) => prices.map(({ occurredAt }) => occurredAt),
    payload: (t) => ({
      instrument: t.field({
        type: instrument,
        resolve: (answer, _args, context) => instrumentAfter(context, answer, answer.input.symbol),
      }),
    }),
  });
}

/** The mutations that halt trading in an instrument, and resume it. */
export function addTradingStatusCommands(
  { addCommand }: ApiParts,
  { instrument }: InstrumentRefs,
): void {
  for (const command of [commands.haltTrading, commands.resumeTrading]) {
    addCommand<commands.ChangeTrading>({
      command,
      input: (t) => ({ symbol: t.id({ required: true }), reason: t.string() }),
      parse: ({ symbol, reason }: commands.ChangeTrading) => ({
        symbol: parseSymbol(symbol),
        reason: parseOptionalText('reason', reason),
      }),
      payload: (t) => ({
        instrument: t.field({
          type: instrument,
          resolve: (answer, _args, context) =>
            instrumentAfter(context, answer, answer.input.symbol),
        }),
      }),
    });
  }
}

function parseSymbol(symbol: string): string {
  return parseOptionalText('symbol', symbol) ?? '';
}

/** The instrument right after a command: as decided, or for a replay as its answer showed it. */
async function instrumentAfter(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  symbol: string,
): Promise<InstrumentAt> {
  const stream = { decider: instrumentDecider, id: symbol, view: instrumentsView };
  return toInstrumentAt(await stateAfter(context, answer, stream), answer.at);
}
