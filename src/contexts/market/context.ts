import type { BoundedContext } from '../../kernel/context.ts';
import { candlesView } from './candles.ts';
import { marketEvents } from './events.ts';
import { instrumentsView, lastPricesView, pricesView } from './views.ts';

/** Instruments and their prices. */
export const market: BoundedContext = {
  name: 'market',
  events: marketEvents,
  views: [instrumentsView, pricesView, lastPricesView, candlesView],
};
