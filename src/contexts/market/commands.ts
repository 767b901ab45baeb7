import { roleRight } from '../../access/command-rights.ts';
import type { CommandContext, CommandDefinition } from '../../kernel/command.ts';
import { decimal, id } from '../../kernel/field.ts';
import { type RejectionDefinition, reject } from '../../kernel/rejection.ts';
import { compare } from '../../lib/decimal.ts';
import { oneLine } from '../../lib/one-line.ts';
import { instrumentDecider } from './instrument.ts';

export interface ListInstrument {
  readonly symbol: string;
  readonly name: string;
  readonly currency: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly makerFeeBps: string;
  readonly takerFeeBps: string;
}

export interface RecordPrice {
  readonly symbol: string;
  readonly price: string;
}

export interface RecordPrices {
  readonly symbol: string;
  readonly prices: readonly { readonly price: string; readonly occurredAt: string }[];
}

export const InstrumentNotFound = {
  name: 'InstrumentNotFoundError',
  code: 'INSTRUMENT_NOT_FOUND',
  description: 'No instrument has this symbol. Check the symbol, or list the instrument first.',
  fields: { symbol: id('The symbol as given.') },
} satisfies RejectionDefinition;

const InstrumentAlreadyExists = {
  name: 'InstrumentAlreadyExistsError',
  code: 'INSTRUMENT_ALREADY_EXISTS',
  description: 'An instrument with this symbol is already listed. Use another symbol.',
  fields: { symbol: id('The symbol of the instrument.') },
} satisfies RejectionDefinition;

export const InvalidPrice = {
  name: 'InvalidPriceError',
  code: 'INVALID_PRICE',
  description: oneLine`The price is zero or negative, is not a multiple of the tick size, or is too
    large; or a cost price is negative. Correct the price and send a new command.`,
  fields: { price: decimal("The price as given, in the instrument's currency.") },
} satisfies RejectionDefinition;

const target = ({ symbol }: { readonly symbol: string }) => ({
  decider: instrumentDecider,
  id: symbol,
});

export const listInstrument: CommandDefinition<ListInstrument> = {
  name: 'listInstrument',
  description: 'Lists an instrument, so that it can be priced and traded.',
  right: roleRight('MARKET'),
  rejections: [InstrumentAlreadyExists],
  handle(input, context) {
    const { symbol } = input;
    if (context.load(instrumentDecider, symbol).version > 0) {
      reject(InstrumentAlreadyExists, `instrument ${symbol} is already listed`, { symbol });
    }
    context.record(instrumentDecider, symbol, { type: 'InstrumentListed', data: { ...input } });
  },
};

export const recordPrice: CommandDefinition<RecordPrice> = {
  name: 'recordPrice',
  description: 'Records a price from an external source. The price may trigger stop orders.',
  right: roleRight('MARKET'),
  rejections: [InstrumentNotFound, InvalidPrice],
  target,
  handle({ symbol, price }, context) {
    assertListed(context, symbol);
    assertPrice(price);
    context.record(instrumentDecider, symbol, { type: 'PriceRecorded', data: { symbol, price } });
  },
};

/** Records all of the prices or, if one of them is rejected, none. */
export const recordPrices: CommandDefinition<RecordPrices> = {
  name: 'recordPrices',
  description: oneLine`Records up to 1,000 prices of one instrument from an external source: all of
    them or, if one is rejected, none. The prices may trigger stop orders.`,
  right: roleRight('MARKET'),
  rejections: [InstrumentNotFound, InvalidPrice],
  target,
  handle({ symbol, prices }, context) {
    assertListed(context, symbol);
    for (const { price, occurredAt } of prices) {
      assertPrice(price);
      const event = { type: 'PriceRecorded', data: { symbol, price } } as const;
      context.record(instrumentDecider, symbol, event, { occurredAt });
    }
  },
};

export interface ChangeTrading {
  readonly symbol: string;
  readonly reason: string | null;
}

export const haltTrading: CommandDefinition<ChangeTrading> = {
  name: 'haltTrading',
  description: oneLine`Halts trading in an instrument. Until it resumes, new orders are rejected and
    stop orders are not triggered. Open orders can be canceled. Has no effect on a halted
    instrument.`,
  right: roleRight('MARKET'),
  rejections: [InstrumentNotFound],
  target,
  handle: (input, context) => changeTrading('TradingHalted', input, context),
};

export const resumeTrading: CommandDefinition<ChangeTrading> = {
  name: 'resumeTrading',
  description: oneLine`Resumes trading in an instrument and triggers the stop orders whose price was
    reached during the halt. Has no effect on an instrument that is not halted.`,
  right: roleRight('MARKET'),
  rejections: [InstrumentNotFound],
  target,
  handle: (input, context) => changeTrading('TradingResumed', input, context),
};

function changeTrading(
  type: 'TradingHalted' | 'TradingResumed',
  { symbol, reason }: ChangeTrading,
  context: CommandContext,
): void {
  assertListed(context, symbol);
  const { state } = context.load(instrumentDecider, symbol);
  const isUnchanged = state?.tradingStatus === (type === 'TradingHalted' ? 'HALTED' : 'OPEN');
  if (!isUnchanged) context.record(instrumentDecider, symbol, { type, data: { symbol, reason } });
}

function assertListed(context: CommandContext, symbol: string): void {
  if (context.load(instrumentDecider, symbol).version > 0) return;
  reject(InstrumentNotFound, `there is no instrument ${symbol}`, { symbol });
}

function assertPrice(price: string): void {
  if (compare(price, '0') > 0) return;
  reject(InvalidPrice, `the price must be greater than zero, not ${price}`, { price });
}
