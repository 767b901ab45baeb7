import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { parseId } from '../../../api/input.ts';
import { readListConnection } from '../../../api/list-connection.ts';
import { access } from '../../../api/root-access.ts';
import type { ApiModule } from '../../../api/schema.ts';
import { market } from '../context.ts';
import { instrumentsView } from '../views.ts';
import { addCandles } from './candles.ts';
import { addMarketCommands, addTradingStatusCommands } from './commands.ts';
import {
  findInstrument,
  type InstrumentRefs,
  instrumentTypes,
  toInstrumentAt,
} from './instrument.ts';

/** The market and its part of the API. */
export const marketModule: ApiModule = { context: market, addApi };

function addApi(parts: ApiParts): void {
  const refs = instrumentTypes(parts);
  parts.nodes.register((key, at, context) => findInstrument(context, key, at));
  addMarketQueries(parts, refs);
  addMarketCommands(parts, refs);
  addTradingStatusCommands(parts, refs);
  addCandles(parts, refs);
}

function addMarketQueries({ builder }: ApiParts, { instrument }: InstrumentRefs): void {
  builder.queryFields((t) => ({
    instrument: t.field({
      extensions: access('EVERYONE'),
      type: instrument,
      nullable: true,
      description: 'Returns an instrument, as of a moment. Null if it was not listed then.',
      args: {
        symbol: t.arg.id({
          required: true,
          description: 'The symbol of the instrument, in upper case.',
        }),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { symbol, asOf }, context) =>
        findInstrument(context, parseId('symbol', symbol), await context.readPointOf(asOf)),
    }),
    instruments: t.connection(
      {
        extensions: access('EVERYONE'),
        type: instrument,
        nullable: true,
        description: 'Lists the instruments, sorted by symbol, as of a moment.',
        args: { asOf: t.arg({ type: 'Moment', description: asOfDescription }) },
        resolve: async (_root, { asOf, ...paging }, context) => {
          const at = await context.readPointOf(asOf);
          const list = { view: instrumentsView, list: 'SYMBOL', filter: {}, at };
          return readListConnection(context, list, paging, toInstrumentAt);
        },
      },
      { name: 'InstrumentConnection' },
      { name: 'InstrumentEdge' },
    ),
  }));
}
