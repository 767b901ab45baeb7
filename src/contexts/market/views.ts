import { entityIdOf } from '../../kernel/decider.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import type { StoredMarketEvent } from './events.ts';
import { evolveInstrument, type Instrument } from './instrument.ts';

/** Every instrument by its symbol: the same fold that decides commands. */
export const instrumentsView: View<Instrument> = {
  name: 'instruments',
  version: 2,
  description: 'Instruments and whether they are traded.',
  types: ['InstrumentListed', 'PriceRecorded', 'TradingHalted', 'TradingResumed'],
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (instrument, event) => evolveInstrument(instrument ?? null, event as StoredMarketEvent),
  lists: { SYMBOL: { position: ({ symbol }) => symbol } },
};

/** A price of an instrument at the time for which it was told, or at which it was traded. */
export type Price = {
  readonly symbol: string;
  readonly price: string;
  readonly occurredAt: string;
};

const priceTypes = ['PriceRecorded', 'TradeExecuted'];

/**
 * Prices by instrument and time of occurrence, so that both questions have an index: what held at
 * a time, and what was known of it at a sequence.
 */
export const pricesView: View<Price> = {
  name: 'prices',
  version: 2,
  description: 'Every price, recorded or traded, by instrument and by when it occurred.',
  types: priceTypes,
  keysOf: (event) => [toPricePosition(symbolOf(event), event.occurredAt)],
  evolve: (_before, event) => toPrice(event),
  lists: {
    OCCURRED_AT: { position: ({ symbol, occurredAt }) => toPricePosition(symbol, occurredAt) },
  },
};

/** Where a price stands in the list OCCURRED_AT; those of one instrument are next to each other. */
export function toPricePosition(symbol: string, occurredAt: string): string {
  return `${symbol} ${occurredAt}`;
}

/** The price of each instrument that occurred last; of two of one time the one told later. */
export const lastPricesView: View<Price> = {
  name: 'last-prices',
  version: 1,
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
