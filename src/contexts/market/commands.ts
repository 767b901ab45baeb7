import type { CommandContext, CommandDefinition } from '../../kernel/command.ts';
import { decimal, id } from '../../kernel/field.ts';
import { type RejectionDefinition, reject } from '../../kernel/rejection.ts';
import { compare } from '../../lib/decimal.ts';
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
  description: 'There is no such instrument.',
  fields: { symbol: id('The symbol as given.') },
} satisfies RejectionDefinition;

export const InstrumentAlreadyExists = {
  name: 'InstrumentAlreadyExistsError',
  code: 'INSTRUMENT_ALREADY_EXISTS',
  description: 'An instrument of this symbol was listed before.',
  fields: { symbol: id('The symbol.') },
} satisfies RejectionDefinition;

export const InvalidPrice = {
  name: 'InvalidPriceError',
  code: 'INVALID_PRICE',
  description: 'The price is not more than zero, not a whole number of ticks, or too large.',
  fields: { price: decimal('The price as given.') },
} satisfies RejectionDefinition;

const target = ({ symbol }: { readonly symbol: string }) => ({
  decider: instrumentDecider,
  id: symbol,
});

export const listInstrument: CommandDefinition<ListInstrument> = {
  name: 'listInstrument',
  description: 'Lists an instrument, so that it can be priced and traded.',
  rejections: [InstrumentAlreadyExists],
  handle(input, context) {
    const { symbol } = input;
    if (context.load(instrumentDecider, symbol).version > 0) {
      reject(InstrumentAlreadyExists, `${symbol} is listed already`, { symbol });
    }
    context.record(instrumentDecider, symbol, { type: 'InstrumentListed', data: { ...input } });
  },
};

export const recordPrice: CommandDefinition<RecordPrice> = {
  name: 'recordPrice',
  description: 'Records a price that an outside source has told.',
  rejections: [InstrumentNotFound, InvalidPrice],
  target,
  handle({ symbol, price }, context) {
    assertListed(context, symbol);
    assertPrice(price);
    context.record(instrumentDecider, symbol, { type: 'PriceRecorded', data: { symbol, price } });
  },
};

/** All of the prices or, if one of them is refused, none. */
export const recordPrices: CommandDefinition<RecordPrices> = {
  name: 'recordPrices',
  description: 'Records up to 1,000 prices of one instrument, all or nothing.',
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
  description: 'Takes no more orders for an instrument; one that is halted stays as it is.',
  rejections: [InstrumentNotFound],
  target,
  handle: (input, context) => changeTrading('TradingHalted', input, context),
};

export const resumeTrading: CommandDefinition<ChangeTrading> = {
  name: 'resumeTrading',
  description: 'Takes orders for an instrument again; one that is traded stays as it is.',
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
  const isThere = state?.tradingStatus === (type === 'TradingHalted' ? 'HALTED' : 'OPEN');
  if (!isThere) context.record(instrumentDecider, symbol, { type, data: { symbol, reason } });
}

function assertListed(context: CommandContext, symbol: string): void {
  if (context.load(instrumentDecider, symbol).version > 0) return;
  reject(InstrumentNotFound, `there is no instrument ${symbol}`, { symbol });
}

function assertPrice(price: string): void {
  if (compare(price, '0') > 0) return;
  reject(InvalidPrice, `a price is more than zero, not ${price}`, { price });
}
