import { entityIdOf } from '../../kernel/decider.ts';
import type { View } from '../../kernel/view.ts';
import { marketEvents, type StoredMarketEvent } from './events.ts';
import { evolveInstrument, type Instrument } from './instrument.ts';

/** Every instrument by its symbol: the same fold that decides commands. */
export const instrumentsView: View<Instrument> = {
  name: 'instruments',
  version: 1,
  description: 'Instruments and the last price that is known of each.',
  types: Object.keys(marketEvents),
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (instrument, event) => evolveInstrument(instrument ?? null, event as StoredMarketEvent),
  lists: { SYMBOL: { position: ({ symbol }) => symbol } },
};

/** A price of an instrument at the time for which it was told. */
export type Price = {
  readonly symbol: string;
  readonly price: string;
  readonly occurredAt: string;
};

/**
 * Prices by instrument and time of occurrence, so that both questions have an index: what held at
 * a time, and what was known of it at a sequence.
 */
export const pricesView: View<Price> = {
  name: 'prices',
  version: 1,
  description: 'Every price by instrument and by when it occurred.',
  types: ['PriceRecorded'],
  keysOf: (event) => [toPricePosition(entityIdOf(event.streamId), event.occurredAt)],
  evolve(_before, event) {
    const { data, occurredAt } = event as Extract<StoredMarketEvent, { type: 'PriceRecorded' }>;
    return { symbol: data.symbol, price: data.price, occurredAt };
  },
  lists: {
    OCCURRED_AT: { position: ({ symbol, occurredAt }) => toPricePosition(symbol, occurredAt) },
  },
};

/** Where a price stands in the list OCCURRED_AT; those of one instrument are next to each other. */
export function toPricePosition(symbol: string, occurredAt: string): string {
  return `${symbol} ${occurredAt}`;
}
