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

/** Lets somebody do something; throws what the client throws. */
export type Turn = () => Promise<void>;

/** How many of the turns are the makers'; they have more to send in each. */
const makerShare = 0.35;

/**
 * Whose turn it is, one after the other. Who comes when and what they wish is decided by the seed
 * and the number of the turn; what comes of it also by the book that they find, and so by time.
 */
export function createTurns(options: TurnOptions): { next(): Turn } {
  const { seed, stocks } = options;
  const desks = createDesks(options);
  const busy = new Set<object>();
  let turns = 0;
  let makerTurns = 0;

  /** Nobody takes two turns at once: it would see what it has half done. */
  function alone(who: object, turn: Turn): Turn {
    return async () => {
      if (busy.has(who)) return;
      busy.add(who);
      try {
        await turn();
      } finally {
        busy.delete(who);
      }
    };
  }

  return {
    next() {
      turns += 1;
      const random = createRandom(seed, `turn ${turns}`);
      // Before anyone takes there is a maker in every book.
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

/** Every maker at its first stock, then at its second: the first five are in five books. */
function createDesks({ seed, stocks }: TurnOptions): readonly MakerDesk[] {
  const startMs = Date.now();
  const markets = new Map(
    stocks.map((stock) => {
      const { symbol, anchor, lastPrice: start } = stock;
      const fairValue = createFairValue({ seed, symbol, anchor, start, startMs });
      return [symbol, { stock, fairValue: () => fairValue.at(Date.now()) }];
    }),
  );
  return [0, 1].flatMap((place) =>
    makers.flatMap((maker) => {
      const symbol = maker.symbols[place] ?? '';
      const market = markets.get(symbol);
      if (market === undefined) return [];
      const { stock, fairValue } = market;
      return [{ maker, symbol, sharesAtFirst: sharesAtFirst(maker, stock), fairValue }];
    }),
  );
}
