import { accountDecider } from '../../src/contexts/accounts/account.ts';
import {
  depositCash,
  freezeAccount,
  openAccount,
  unfreezeAccount,
  withdrawCash,
} from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { holdingOf } from '../../src/contexts/accounts/holdings.ts';
import {
  haltTrading,
  type ListInstrument,
  listInstrument,
  recordPrice,
  recordPrices,
  resumeTrading,
} from '../../src/contexts/market/commands.ts';
import { market } from '../../src/contexts/market/context.ts';
import { cancelOrder, expireOrder } from '../../src/contexts/trading/commands/cancel-order.ts';
import { depositShares } from '../../src/contexts/trading/commands/deposit-shares.ts';
import { placeOrder } from '../../src/contexts/trading/commands/place-order.ts';
import {
  type ReplaceOrder,
  replaceOrder,
} from '../../src/contexts/trading/commands/replace-order.ts';
import { trading } from '../../src/contexts/trading/context.ts';
import { bookDecider } from '../../src/contexts/trading/matching/book.ts';
import { continueMatching } from '../../src/contexts/trading/matching/matching-process.ts';
import { averagePriceOf, type Order } from '../../src/contexts/trading/order.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { createOrderFold, type TradeLine } from './order-fold.ts';
import { parseOrder } from './order-text.ts';
import { createWorld, type Outcome, type World } from './world.ts';

/** The first cash of an account and its shares by symbol. */
export interface Means {
  readonly cash?: string;
  readonly currency?: string;
  readonly shares?: Readonly<Record<string, string>>;
}

/** A market in memory, in the words of traders. Commands return the code of a rejection. */
export interface Exchange {
  readonly world: World;
  list(terms: Partial<ListInstrument>): Code;
  open(accountId: string, means?: Means): void;
  depositCash(accountId: string, amount: string): Code;
  withdrawCash(accountId: string, amount: string): Code;
  depositShares(accountId: string, quantity: string, symbol?: string): Code;
  freeze(accountId: string): Code;
  unfreeze(accountId: string): Code;
  /** Places an order written as `parseOrder` reads it. */
  place(text: string): Code;
  cancel(orderId: string): Code;
  replace(orderId: string, changes: Partial<ReplaceOrder> & { readonly to: string }): Code;
  expire(orderId: string): Code;
  /** Continues the remaining work of a command; returns whether there is more. */
  continueWork(symbol?: string): boolean;
  /** Records an external price that occurred `secondsAgo`. */
  price(price: string, options?: { readonly symbol?: string; readonly secondsAgo?: number }): Code;
  /** Records an external price that occurred at a time. */
  priceAt(price: string, occurredAt: string): Code;
  prices(points: readonly { readonly price: string; readonly secondsAgo: number }[]): Code;
  halt(symbol?: string): Code;
  resume(symbol?: string): Code;
  wait(seconds: number): void;
  /** The outcome of the last command. */
  last(): Outcome;
  order(orderId: string): Order;
  orders(): readonly Order[];
  /** Status, filled and open quantity, e.g. `PARTIALLY_FILLED 3/7`; then the reason in brackets. */
  state(orderId: string): string;
  averagePrice(orderId: string): string | null;
  /** The balance and its reserved part, e.g. `100.00 (held 40.00)`. */
  cash(accountId: string): string;
  /** The shares and their reserved part, e.g. `10 (held 4)`. */
  shares(accountId: string, symbol?: string): string;
  trades(): readonly TradeLine[];
  /** Trades as text: `4 at 10.00: b1 from s1`. */
  tape(): readonly string[];
}

type Code = string | null;

export const plainTerms: ListInstrument = {
  symbol: 'ABC',
  name: 'Abc Inc.',
  currency: 'USD',
  tickSize: '0.01',
  lotSize: '1',
  makerFeeBps: '0',
  takerFeeBps: '0',
};

/** An exchange with the instrument ABC on the given terms and with these accounts. */
export function openExchange(
  means: Readonly<Record<string, Means>> = {},
  terms: Partial<ListInstrument> = {},
  stepsMax?: number,
): Exchange {
  const exchange = resumeExchange([], stepsMax);
  exchange.list(terms);
  for (const [accountId, wealth] of Object.entries(means)) {
    exchange.open(accountId, { cash: '1000.00', ...wealth });
  }
  return exchange;
}

/** An exchange that continues after the given events. */
export function resumeExchange(history: readonly StoredEvent[], stepsMax?: number): Exchange {
  const world = createWorld([accounts, market, trading], history, stepsMax);
  const fold = createOrderFold();
  let folded = 0;
  takeIn();

  /** Includes the events of commands that had to be decided first. */
  function takeIn(): void {
    fold.add(world.events.slice(folded));
    folded = world.events.length;
  }

  let last: Outcome = { rejection: null, events: [] };

  function submit<Input>(
    definition: CommandDefinition<Input>,
    input: Input,
    options?: { readonly occurredAt?: string },
  ): Code {
    last = world.submit(definition, input, options);
    takeIn();
    return last.rejection?.code ?? null;
  }

  const ago = (seconds: number) => addSeconds(world.time(), -seconds);
  const exchange: Exchange = {
    world,
    list: (wanted) => submit(listInstrument, { ...plainTerms, ...wanted }),
    open(accountId, { cash, currency = 'USD', shares = {} } = {}) {
      submit(openAccount, { accountId, owner: accountId, currency });
      if (cash !== undefined) submit(depositCash, { accountId, amount: cash });
      for (const [symbol, quantity] of Object.entries(shares)) {
        exchange.depositShares(accountId, quantity, symbol);
      }
    },
    depositCash: (accountId, amount) => submit(depositCash, { accountId, amount }),
    withdrawCash: (accountId, amount) => submit(withdrawCash, { accountId, amount }),
    depositShares: (accountId, quantity, symbol = 'ABC') =>
      submit(depositShares, { accountId, symbol, quantity, costPrice: '1', reference: null }),
    freeze: (accountId) => submit(freezeAccount, { accountId }),
    unfreeze: (accountId) => submit(unfreezeAccount, { accountId }),
    place: (text) => submit(placeOrder, parseOrder(text, world.time())),
    cancel: (orderId) => submit(cancelOrder, { orderId, reason: null }),
    replace(orderId, { to, ...changes }) {
      const same = { quantity: null, limitPrice: null, stopPrice: null };
      return submit(replaceOrder, { orderId, ...same, ...changes, newOrderId: to });
    },
    expire: (orderId) => submit(expireOrder, { orderId }),
    continueWork(symbol = 'ABC') {
      submit(continueMatching, { symbol });
      return world.stateOf(bookDecider, symbol)?.agenda != null;
    },
    price(price, { symbol = 'ABC', secondsAgo } = {}) {
      const options = secondsAgo === undefined ? {} : { occurredAt: ago(secondsAgo) };
      return submit(recordPrice, { symbol, price }, options);
    },
    priceAt: (price, occurredAt) => submit(recordPrice, { symbol: 'ABC', price }, { occurredAt }),
    prices(points) {
      const toPrice = (seconds: number, price: string) => ({ price, occurredAt: ago(seconds) });
      const prices = points.map(({ price, secondsAgo }) => toPrice(secondsAgo, price));
      return submit(recordPrices, { symbol: 'ABC', prices });
    },
    halt: (symbol = 'ABC') => submit(haltTrading, { symbol, reason: null }),
    resume: (symbol = 'ABC') => submit(resumeTrading, { symbol, reason: null }),
    wait: (seconds) => world.setTime(addSeconds(world.time(), seconds)),
    last: () => last,
    ...reportsOf(world, fold),
  };
  return exchange;
}

type Reports = Pick<
  Exchange,
  'order' | 'orders' | 'state' | 'averagePrice' | 'cash' | 'shares' | 'trades' | 'tape'
>;

function reportsOf(world: World, fold: ReturnType<typeof createOrderFold>): Reports {
  return {
    order: fold.order,
    orders: fold.orders,
    state(orderId) {
      const { status, filledQuantity, leavesQuantity, reason } = fold.order(orderId);
      const suffix = reason === null ? '' : ` (${reason})`;
      return `${status} ${filledQuantity}/${leavesQuantity}${suffix}`;
    },
    averagePrice: (orderId) => averagePriceOf(fold.order(orderId)),
    cash(accountId) {
      const account = world.stateOf(accountDecider, accountId);
      return account === null ? 'none' : `${account.balance} (held ${account.held})`;
    },
    shares(accountId, symbol = 'ABC') {
      const account = world.stateOf(accountDecider, accountId);
      const { quantity, held } = holdingOf(account?.holdings ?? {}, symbol);
      return `${quantity} (held ${held})`;
    },
    trades: fold.trades,
    tape: () =>
      fold
        .trades()
        .map(
          ({ quantity, price, buyer, seller }) =>
            `${quantity} at ${price}: ${buyer} from ${seller}`,
        ),
  };
}

export function addSeconds(time: string, seconds: number): string {
  const milliseconds = Date.parse(`${time.slice(0, 23)}Z`) + seconds * 1_000;
  return `${new Date(milliseconds).toISOString().slice(0, 23)}${time.slice(23)}`;
}
