import type { BoundedContext } from '../../kernel/context.ts';
import { listInstrument, recordPrice, recordPrices } from './commands.ts';
import { marketEvents } from './events.ts';
import { instrumentDecider } from './instrument.ts';
import { instrumentsView, pricesView } from './views.ts';

/** Instruments and their prices. */
export const market: BoundedContext = {
  name: 'market',
  events: marketEvents,
  deciders: [instrumentDecider],
  commands: [listInstrument, recordPrice, recordPrices],
  views: [instrumentsView, pricesView],
};
