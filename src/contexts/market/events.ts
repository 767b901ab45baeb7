import type { EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { decimal, id, text } from '../../kernel/field.ts';

const symbol = id('The instrument.');

/** All that can happen to an instrument outside trading. */
export const marketEvents = {
  InstrumentListed: {
    description: 'An instrument can be priced and traded from now on.',
    fields: {
      symbol,
      name: text('Its name.'),
      currency: text('ISO 4217: what its prices are in.'),
      tickSize: decimal('Order prices are whole numbers of it.'),
      lotSize: decimal('Order quantities are whole numbers of it.'),
      makerFeeBps: decimal('What the resting side of a trade pays, in hundredths of a percent.'),
      takerFeeBps: decimal('What the incoming side of a trade pays, in hundredths of a percent.'),
    },
  },
  PriceRecorded: {
    description: 'An outside source told a price; it held at occurredAt.',
    fields: { symbol, price: decimal('As it was given.') },
  },
} as const;

export type MarketEvent = EventOf<typeof marketEvents>;
export type StoredMarketEvent = StoredEventOf<typeof marketEvents>;
