import type { Decider } from '../../kernel/decider.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import type { MarketEvent, StoredMarketEvent } from './events.ts';
import { symbolFault } from './symbol.ts';

type TradingStatus = 'OPEN' | 'HALTED';

/** The state of an instrument. */
export type Instrument = {
  readonly symbol: string;
  readonly name: string;
  readonly currency: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly makerFeeBps: string;
  readonly takerFeeBps: string;
  readonly tradingStatus: TradingStatus;
  /** The recorded price that occurred last. Trades do not count. Null if no price was recorded. */
  readonly lastPrice: string | null;
  readonly lastPriceAt: string | null;
  readonly version: number;
  readonly sequence: number;
};

/** The decider of one instrument, by symbol. The state is null until the instrument is listed. */
export const instrumentDecider: Decider<Instrument | null, MarketEvent> = {
  category: 'instrument',
  idFault: symbolFault,
  version: 1,
  initial: null,
  evolve: (instrument, event) => evolveInstrument(instrument, event as StoredMarketEvent),
};

/** The instrument after its next event. The first event must be InstrumentListed. */
export function evolveInstrument(
  instrument: Instrument | null,
  event: StoredMarketEvent,
): Instrument {
  const { version, sequence } = event;
  if (event.type === 'InstrumentListed') {
    const price = { lastPrice: null, lastPriceAt: null };
    return { ...event.data, tradingStatus: 'OPEN', ...price, version, sequence };
  }
  if (instrument === null)
    throw new Error(`${event.streamId} begins with ${event.type}, not with InstrumentListed`);
  return { ...instrument, ...changesOf(instrument, event), version, sequence };
}

function changesOf(
  { lastPriceAt }: Instrument,
  event: Exclude<StoredMarketEvent, { type: 'InstrumentListed' }>,
): Partial<Instrument> {
  switch (event.type) {
    case 'TradingHalted':
      return { tradingStatus: 'HALTED' };
    case 'TradingResumed':
      return { tradingStatus: 'OPEN' };
    case 'PriceRecorded': {
      // Prices may be recorded late. Of two prices of the same time, the one recorded later counts.
      if (lastPriceAt !== null && event.occurredAt < lastPriceAt) return {};
      return { lastPrice: event.data.price, lastPriceAt: event.occurredAt };
    }
    case 'TradeExecuted':
      throw new Error(`${event.streamId} has a TradeExecuted: it belongs in the stream of a book`);
    default:
      return throwUpgradeNeeded(event);
  }
}
