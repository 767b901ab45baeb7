import { entityIdOf } from '../../kernel/decider.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import type { StoredMarketEvent } from './events.ts';
import { evolveInstrument, type Instrument } from './instrument.ts';

/** Every instrument by its symbol. It folds events as the decider does. */
export const instrumentsView: View<Instrument> = {
  name: 'instruments',
  version: 3,
  description: 'The instruments and their trading status.',
  types: ['InstrumentListed', 'PriceRecorded', 'TradingHalted', 'TradingResumed'],
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (instrument, event) => evolveInstrument(instrument ?? null, event as StoredMarketEvent),
  lists: { SYMBOL: { position: ({ symbol }) => symbol } },
};

/** A price of an instrument, and the time from which it holds or at which it was traded. */
export type Price = {
  readonly symbol: string;
  readonly price: string;
  readonly occurredAt: string;
};

const priceTypes = ['PriceRecorded', 'TradeExecuted'];

/**
 * Prices by instrument and time of occurrence. Two questions can be answered through an index:
 * which price held at a time, and which price was known for that time at a sequence.
 */
export const pricesView: View<Price> = {
  name: 'prices',
  version: 3,
  description: 'All recorded and traded prices, by instrument and time of occurrence.',
  types: priceTypes,
  keysOf: (event) => [toPricePosition(symbolOf(event), event.occurredAt)],
  evolve: (_before, event) => toPrice(event),
  lists: {
    OCCURRED_AT: { position: ({ symbol, occurredAt }) => toPricePosition(symbol, occurredAt) },
  },
};

/** The position of a price in the list OCCURRED_AT, which sorts by instrument, then by time. */
export function toPricePosition(symbol: string, occurredAt: string): string {
  return `${symbol} ${occurredAt}`;
}

/** The last price of each instrument by occurrence; at equal times, the one recorded later. */
export const lastPricesView: View<Price> = {
  name: 'last-prices',
  version: 2,
  description: 'The last price of each instrument, recorded or traded.',
  types: priceTypes,
  keysOf: (event) => [symbolOf(event)],
  evolve: (before, event) =>
    before !== undefined && event.occurredAt < before.occurredAt ? before : toPrice(event),
};

function toPrice(event: StoredEvent): Price {
  const { data, occurredAt } = event as PriceEvent;
  return { symbol: data.symbol, price: data.price, occurredAt };
}

function symbolOf(event: StoredEvent): string {
  return (event as PriceEvent).data.symbol;
}

type PriceEvent = Extract<StoredMarketEvent, { type: 'PriceRecorded' | 'TradeExecuted' }>;
