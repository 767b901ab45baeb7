import Big from 'big.js';
import fc from 'fast-check';

/** Instruments and amounts of cash, chosen so that many orders trade and much is rounded. */
export interface Setup {
  readonly currency: string;
  readonly digits: number;
  readonly instruments: readonly Listing[];
  /** The amounts that an account may start with, deposit or withdraw. */
  readonly cash: readonly string[];
}

interface Listing {
  readonly symbol: 'ABC' | 'XYZ';
  readonly tickSize: string;
  readonly lotSize: string;
  readonly makerFeeBps: string;
  readonly takerFeeBps: string;
  readonly lowest: string;
}

export const plain: Setup = {
  currency: 'USD',
  digits: 2,
  cash: ['0', '31.02', '100.00', '5000.00'],
  instruments: [
    {
      symbol: 'ABC',
      tickSize: '0.01',
      lotSize: '1',
      lowest: '9.98',
      makerFeeBps: '10',
      takerFeeBps: '25',
    },
    {
      symbol: 'XYZ',
      tickSize: '0.05',
      lotSize: '0.1',
      lowest: '0.80',
      makerFeeBps: '0',
      takerFeeBps: '30.5',
    },
  ],
};

const yen: Setup = {
  currency: 'JPY',
  digits: 0,
  cash: ['0', '302', '1000', '50000'],
  instruments: [
    {
      symbol: 'ABC',
      tickSize: '0.5',
      lotSize: '1',
      lowest: '99.0',
      makerFeeBps: '50',
      takerFeeBps: '20',
    },
    {
      symbol: 'XYZ',
      tickSize: '1',
      lotSize: '0.25',
      lowest: '10',
      makerFeeBps: '0',
      takerFeeBps: '0',
    },
  ],
};

/** Amounts around a minor unit: rounding can make many trades more expensive than one. */
const dust: Setup = {
  currency: 'USD',
  digits: 2,
  cash: ['0.01', '0.03', '0.07', '0.15'],
  instruments: [
    {
      symbol: 'ABC',
      tickSize: '0.001',
      lotSize: '0.5',
      lowest: '0.010',
      makerFeeBps: '1000',
      takerFeeBps: '700',
    },
    {
      symbol: 'XYZ',
      tickSize: '0.01',
      lotSize: '1',
      lowest: '0.01',
      makerFeeBps: '150',
      takerFeeBps: '1000',
    },
  ],
};

export const accountIds = ['ann', 'bob', 'cat', 'dan'] as const;

/** One command, in choices that are valid at any time: `pick` selects an order when it runs. */
export type Step =
  | { readonly verb: 'prices'; readonly points: readonly Point[] }
  | {
      readonly verb: 'place';
      readonly account: string;
      readonly symbol: number;
      readonly order: OrderChoice;
    }
  | { readonly verb: 'cancel' | 'expire'; readonly pick: number }
  | { readonly verb: 'replace'; readonly pick: number; readonly change: Change }
  | {
      readonly verb: 'price';
      readonly symbol: number;
      readonly level: number;
      readonly secondsAgo: number | null;
    }
  | {
      readonly verb: 'depositCash' | 'withdrawCash';
      readonly account: string;
      readonly cash: number;
    }
  | {
      readonly verb: 'depositShares';
      readonly account: string;
      readonly symbol: number;
      readonly lots: number;
    }
  | { readonly verb: 'halt' | 'resume'; readonly symbol: number }
  | { readonly verb: 'freeze' | 'unfreeze'; readonly account: string }
  | { readonly verb: 'wait'; readonly seconds: number };

/** A recorded price of ABC. */
interface Point {
  readonly level: number;
  readonly secondsAgo: number;
}

export interface OrderChoice {
  readonly side: 'buys' | 'sells';
  readonly lots: number;
  readonly type: 'MARKET' | 'LIMIT' | 'STOP' | 'STOP_LIMIT';
  readonly limit: number;
  readonly stop: number;
  readonly timeInForce: string;
  readonly postOnly: boolean;
}

export interface Change {
  readonly lots: number | null;
  readonly limit: number | null;
  readonly stop: number | null;
}

export interface Program {
  readonly setup: Setup;
  readonly start: Readonly<Record<(typeof accountIds)[number], Start>>;
  readonly steps: readonly Step[];
}

/** `cash` is an index into the setup's `cash`; `lots` is the number of lots of each instrument. */
interface Start {
  readonly cash: number;
  readonly lots: number;
}

/** Returns the price `level` ticks above the lowest; halves are not multiples of the tick. */
export function priceAt(setup: Setup, symbol: number, level: number): string {
  const { lowest, tickSize } = listingOf(setup, symbol);
  return Big(tickSize).times(level).plus(lowest).toFixed();
}

export function lotsOf(setup: Setup, symbol: number, lots: number): string {
  return Big(listingOf(setup, symbol).lotSize).times(lots).toFixed();
}

export function listingOf({ instruments }: Setup, symbol: number): Listing {
  const listing = instruments[symbol];
  if (listing === undefined) throw new Error(`there is no instrument ${symbol}`);
  return listing;
}

/** Returns an order as a line that `parseOrder` reads. */
export function textOf(setup: Setup, id: string, step: Extract<Step, { verb: 'place' }>): string {
  const { account, symbol, order } = step;
  const { side, lots, type, limit, stop, timeInForce, postOnly } = order;
  const hasLimit = type === 'LIMIT' || type === 'STOP_LIMIT';
  const hasStop = type === 'STOP' || type === 'STOP_LIMIT';
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  return [
    `${id}: ${account} ${side} ${lotsOf(setup, symbol, lots)} ${listingOf(setup, symbol).symbol}`,
    ...(hasLimit ? [`at ${priceAt(setup, symbol, limit)}`] : []),
    ...(hasStop ? [`stop ${priceAt(setup, symbol, stop)}`] : []),
    timeInForce,
    ...(postOnly && rests ? ['postOnly'] : []),
  ].join(' ');
}

const account = fc.constantFrom(...accountIds);
const symbol = fc.constantFrom(0, 0, 0, 0, 1);
// Uniform: numbers from a range would mostly be its ends.
const level = fc.constantFrom(...repeat([0, 1, 1, 2, 3], 10), 0.5, 8);
const lots = fc.constantFrom(...repeat([1, 2, 3, 5], 12), 0, 0.5, 30);
const pick = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16);
const cash = fc.constantFrom(0, 1, 2, 3);

const orderChoice: fc.Arbitrary<OrderChoice> = fc.record({
  side: fc.constantFrom('buys', 'sells'),
  lots,
  type: fc.constantFrom(
    ...repeat(['LIMIT'] as const, 8),
    ...(['MARKET', 'STOP', 'STOP_LIMIT', 'STOP_LIMIT'] as const),
  ),
  limit: level,
  stop: level,
  timeInForce: fc.constantFrom(...repeat(['GTC'], 8), 'IOC', 'FOK', 'DAY', 'GTD 60s', 'GTD 5000s'),
  postOnly: fc.constantFrom(...repeat([false], 9), true),
});

const change: fc.Arbitrary<Change> = fc.record({
  lots: fc.option(lots),
  limit: fc.option(level),
  stop: fc.option(level, { freq: 1 }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 28,
    arbitrary: fc.record({
      verb: fc.constant('place' as const),
      account,
      symbol,
      order: orderChoice,
    }),
  },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('cancel' as const), pick }) },
  { weight: 7, arbitrary: fc.record({ verb: fc.constant('replace' as const), pick, change }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('expire' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      verb: fc.constant('price' as const),
      symbol,
      level,
      secondsAgo: fc.option(fc.constantFrom(30, 600, 7000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constant('prices' as const),
      points: fc.array(fc.record({ level, secondsAgo: fc.constantFrom(30, 600, 7000) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constantFrom('depositCash' as const, 'withdrawCash' as const),
      account,
      cash,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constant('depositShares' as const), account, symbol, lots }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constantFrom('halt' as const, ...repeat(['resume' as const], 7)),
      symbol,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constantFrom('freeze' as const, ...repeat(['unfreeze' as const], 4)),
      account,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('wait' as const),
      seconds: fc.constantFrom(60, 3600, 43_200),
    }),
  },
);

const start: fc.Arbitrary<Start> = fc.record({
  cash: fc.constantFrom(3, 3, 3, 3, 3, 2, 1, 0),
  lots: fc.constantFrom(...repeat([100], 9), 4, 0),
});

export const programs: fc.Arbitrary<Program> = fc.record({
  setup: fc.constantFrom(plain, yen, dust),
  start: fc.record({ ann: start, bob: start, cat: start, dan: start }),
  steps: fc.array(step, { maxLength: 60, size: 'max' }),
});

function repeat<Item>(items: readonly Item[], times: number): readonly Item[] {
  return Array(times).fill(items).flat();
}
