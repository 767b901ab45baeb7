import type { BoundedContext } from '../../kernel/context.ts';
import { candlesView } from './candles.ts';
import { marketEvents } from './events.ts';
import { instrumentDecider } from './instrument.ts';
import { instrumentsView, lastPricesView, pricesView } from './views.ts';

/** Instruments, their prices and their candles. */
export const market: BoundedContext = {
  name: 'market',
  events: marketEvents,
  deciders: [instrumentDecider],
  views: [instrumentsView, pricesView, lastPricesView, candlesView],
};
