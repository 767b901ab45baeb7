import { createFairValue } from './fair-value.ts';
import { type MakerDesk, type MakerTrading, makeMarket } from './make-market.ts';
import { createRandom } from './random.ts';
import { runTakerTurn } from './run-taker-turn.ts';
import { type PricedStock, sharesAtFirst } from './set-up.ts';
import { makers, takers } from './traders.ts';

export interface TurnOptions extends MakerTrading {
  readonly seed: string;
  readonly stocks: readonly PricedStock[];
}

/** Runs one trader's turn; throws the errors of the API client. */
export type Turn = () => Promise<void>;

/** The share of turns that makers get; they send more in each turn than takers. */
const makerShare = 0.35;

/**
 * Creates the turns one after the other. The seed and the number of the turn determine the trader
 * and its intention; the resulting order also depends on the book at that time.
 */
export function createTurns(options: TurnOptions): { next(): Turn } {
  const { seed, stocks } = options;
  const desks = createDesks(options);
  const busy = new Set<object>();
  let turns = 0;
  let makerTurns = 0;

  /** A trader never has two turns at once, because the second would see a half-finished state. */
  function alone(trader: object, turn: Turn): Turn {
    return async () => {
      if (busy.has(trader)) return;
      busy.add(trader);
      try {
        await turn();
      } finally {
        busy.delete(trader);
      }
    };
  }

  return {
    next() {
      turns += 1;
      const random = createRandom(seed, `turn ${turns}`);
      // The first turns put a maker into every book before the first taker.
      if (turns <= stocks.length || random.chance(makerShare)) {
        const desk = desks[makerTurns % desks.length] as MakerDesk;
        makerTurns += 1;
        return alone(desk, () => makeMarket(desk, options));
      }
      const taker = random.pick(takers);
      const stock = random.pick(stocks);
      const held = { symbol: stock.symbol, sharesAtFirst: sharesAtFirst(taker, stock) };
      return alone(taker, () => runTakerTurn(taker, held, { ...options, random }));
    },
  };
}

/** All makers with their first stock, then with their second: the first five cover five books. */
function createDesks({ seed, stocks }: TurnOptions): readonly MakerDesk[] {
  const startMs = Date.now();
  const markets = new Map(
    stocks.map((stock) => {
      const { symbol, anchor, lastPrice: start } = stock;
      const fairValue = createFairValue({ seed, symbol, anchor, start, startMs });
      return [symbol, { stock, fairValue: () => fairValue.at(Date.now()) }];
    }),
  );
  return [0, 1].flatMap((index) =>
    makers.flatMap((maker) => {
      const symbol = maker.symbols[index] ?? '';
      const market = markets.get(symbol);
      if (market === undefined) return [];
      const { stock, fairValue } = market;
      return [{ maker, symbol, sharesAtFirst: sharesAtFirst(maker, stock), fairValue }];
    }),
  );
}
