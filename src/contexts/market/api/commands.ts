import type { ApiParts } from '../../../api/api-parts.ts';
import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { badInput } from '../../../api/errors.ts';
import { parseFilterBy } from '../../../api/filter-input.ts';
import { parseOptionalText, parseText } from '../../../api/input.ts';
import { createStateAfter, fieldAfter } from '../../../api/state-after.ts';
import { compare } from '../../../lib/decimal.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { parseStep, stepDigitsMax, trimZeros } from '../../../lib/steps.ts';
import { currencyFault } from '../../accounts/currencies.ts';
import * as commands from '../commands.ts';
import { instrumentDecider } from '../instrument.ts';
import { symbolFault } from '../symbol.ts';
import { instrumentsView } from '../views.ts';
import { type InstrumentRefs, toInstrumentAt } from './instrument.ts';

interface ListFields extends Omit<commands.ListInstrument, 'makerFeeBps' | 'takerFeeBps'> {
  readonly makerFeeBps?: string | null;
  readonly takerFeeBps?: string | null;
}

const pricesMax = 1_000;
/** Ten percent of the amount: a higher rate was probably not meant in basis points. */
const feeBpsMax = 1_000;

const symbolField = {
  required: true,
  description: 'The symbol of the instrument, in upper case.',
} as const;
const feeDescription = oneLine`in basis points (hundredths of a percent) of the amount, 0 to
  ${feeBpsMax}. If omitted, 0.`;

/** Adds the mutations that list instruments and record prices. */
export function addMarketCommands(parts: ApiParts, refs: InstrumentRefs): void {
  addListInstrument(parts, refs);
  addRecordPrice(parts, refs);
  addRecordPrices(parts, refs);
}

function addListInstrument({ addCommand }: ApiParts, refs: InstrumentRefs): void {
  addCommand<commands.ListInstrument>({
    command: commands.listInstrument,
    without: ['expectedVersion'],
    input: (t) => ({
      symbol: t.id({
        required: true,
        description: oneLine`The symbol of the new instrument, like "MSFT": 1 to 20 characters from
          A-Z, 0-9, ".", "^", "_" and "-", beginning with a letter or a digit.`,
      }),
      name: t.string({
        required: true,
        description: 'The name of the instrument, of 1 to 200 characters.',
      }),
      currency: t.string({
        required: true,
        description: 'The currency of the prices, an ISO 4217 code in upper case like "USD".',
      }),
      tickSize: t.field({
        type: 'Decimal',
        required: true,
        description: oneLine`The tick size, in the instrument's currency. Prices of orders must be
          multiples of it. It must be greater than zero and have at most ${stepDigitsMax} digits.`,
      }),
      lotSize: t.field({
        type: 'Decimal',
        required: true,
        description: oneLine`The lot size, in shares. Quantities of orders must be multiples of it.
          It must be greater than zero and have at most ${stepDigitsMax} digits.`,
      }),
      makerFeeBps: t.field({
        type: 'Decimal',
        description: `The fee of the resting side of a trade, ${feeDescription}`,
      }),
      takerFeeBps: t.field({
        type: 'Decimal',
        description: `The fee of the incoming side of a trade, ${feeDescription}`,
      }),
    }),
    parse: parseListing,
    payload: (t) => ({ instrument: t.field(instrumentField(refs)) }),
  });
}

function parseListing(fields: ListFields): commands.ListInstrument {
  const { symbol, name, currency, tickSize, lotSize } = fields;
  const makerFeeBps = fields.makerFeeBps ?? '0';
  const takerFeeBps = fields.takerFeeBps ?? '0';
  parseFilterBy('symbol', symbolFault, symbol);
  parseFilterBy('currency', currencyFault, currency);
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
  if (compare(size, '0') <= 0) {
    badInput(`${name} must be greater than zero, not ${size}`, name);
  }
  if (parseStep(size) !== null) return;
  const digits = trimZeros(size).replace('.', '').length;
  badInput(`${name} must have at most ${stepDigitsMax} digits, not ${digits}`, name);
}

function assertFee(name: string, rate: string): void {
  if (compare(rate, '0') >= 0 && compare(rate, String(feeBpsMax)) <= 0) return;
  badInput(`${name} must be 0 to ${feeBpsMax} (${feeBpsMax / 100} %), not ${rate}`, name);
}

function addRecordPrice({ addCommand }: ApiParts, refs: InstrumentRefs): void {
  addCommand<commands.RecordPrice>({
    command: commands.recordPrice,
    input: (t) => ({
      symbol: t.id(symbolField),
      price: t.field({
        type: 'Decimal',
        required: true,
        description: "The price of one share, in the instrument's currency, greater than zero.",
      }),
    }),
    parse: ({ symbol, price }: commands.RecordPrice) => ({ symbol: parseSymbol(symbol), price }),
    payload: (t) => ({ instrument: t.field(instrumentField(refs)) }),
  });
}

function addRecordPrices({ builder, addCommand }: ApiParts, refs: InstrumentRefs): void {
  const point = builder.inputType('PricePointInput', {
    description: 'A price and the time from which it holds.',
    fields: (t) => ({
      price: t.field({
        type: 'Decimal',
        required: true,
        description: "The price of one share, in the instrument's currency, greater than zero.",
      }),
      occurredAt: t.field({
        type: 'DateTime',
        required: true,
        description: oneLine`The time from which the price holds. A time up to 5 seconds ahead of
          the server's time counts as now; a later time is a BAD_USER_INPUT error.`,
      }),
    }),
  });
  addCommand<commands.RecordPrices>({
    command: commands.recordPrices,
    without: ['occurredAt'],
    input: (t) => ({
      symbol: t.id(symbolField),
      prices: t.field({
        type: [point],
        required: true,
        description: `The prices, 1 to ${pricesMax} of them. All are recorded or none.`,
      }),
    }),
    parse: ({ symbol, prices }: commands.RecordPrices) => {
      const count = prices.length;
      if (count === 0 || count > pricesMax) {
        badInput(`prices must have 1 to ${pricesMax} members, not ${count}`, 'prices');
      }
      return {
        symbol: parseSymbol(symbol),
        prices: prices.map(({ price, occurredAt }) => ({ price, occurredAt })),
      };
    },
    times: ({ prices }) =>
      prices.map(({ occurredAt }, index) => ({
        time: occurredAt,
        path: ['prices', index, 'occurredAt'],
      })),
    payload: (t) => ({ instrument: t.field(instrumentField(refs)) }),
  });
}

/** Adds the mutations that halt and resume trading in an instrument. */
export function addTradingStatusCommands({ addCommand }: ApiParts, refs: InstrumentRefs): void {
  for (const command of [commands.haltTrading, commands.resumeTrading]) {
    addCommand<commands.ChangeTrading>({
      command,
      input: (t) => ({
        symbol: t.id(symbolField),
        reason: t.string({
          description:
            'A reason of up to 200 characters, recorded in the event. If omitted, there is none.',
        }),
      }),
      parse: ({ symbol, reason }: commands.ChangeTrading) => ({
        symbol: parseSymbol(symbol),
        reason: parseOptionalText('reason', reason),
      }),
      payload: (t) => ({ instrument: t.field(instrumentField(refs)) }),
    });
  }
}

function parseSymbol(symbol: string): string {
  return parseOptionalText('symbol', symbol) ?? '';
}

/** The options of the payload field `instrument`: the instrument that the command names. */
function instrumentField({ instrument }: InstrumentRefs) {
  return fieldAfter({
    type: instrument,
    description: 'The instrument after the command.',
    state: instrumentAfter,
    idOf: ({ input }: CommandAnswer<{ readonly symbol: string }>) => input.symbol,
  });
}

const instrumentAfter = createStateAfter({
  decider: instrumentDecider,
  view: instrumentsView,
  toSource: toInstrumentAt,
});
