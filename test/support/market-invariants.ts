import Big from 'big.js';
import { type AccountState, accountDecider } from '../../src/contexts/accounts/account.ts';
import { holdingOf } from '../../src/contexts/accounts/holdings.ts';
import {
  type Book,
  bookDecider,
  evolveBook,
  findOrder,
  firstOf,
} from '../../src/contexts/trading/matching/book.ts';
import type { Order } from '../../src/contexts/trading/order.ts';
import { fromSteps } from '../../src/lib/steps.ts';
import type { Exchange } from './exchange.ts';
import { isOpen } from './reference-terms.ts';

interface Scope {
  readonly accountIds: readonly string[];
  readonly symbols: readonly string[];
}

/** Checks a market and returns the invariants that are broken, one sentence each. */
export function findBrokenInvariants(x: Exchange, { accountIds, symbols }: Scope): string[] {
  const accounts = accountIds.flatMap((id) => x.world.stateOf(accountDecider, id) ?? []);
  return [
    ...cashIsLost(x, accounts),
    ...symbols.flatMap((symbol) => sharesAreLost(x, symbol, accounts)),
    ...symbols.flatMap((symbol) => bookIsCrossed(x, symbol)),
    ...accounts.flatMap((account) => accountIsWrong(x, account, symbols)),
    ...x.orders().flatMap((order) => orderIsWrong(x, order)),
    ...x
      .trades()
      .filter(({ buyAccount, sellAccount }) => buyAccount === sellAccount)
      .map(({ buyer }) => `${buyer} trades with its own account`),
  ];
}

/**
 * Returns what was wrong after each event, also in the middle of a command, because every sequence
 * can be read.
 */
export function findBrokenMoments({ world }: Exchange): string[] {
  const states = new Map<string, unknown>();
  return world.events.flatMap((event) => {
    const { streamId, sequence, type } = event;
    const before = states.get(streamId) ?? null;
    if (streamId.startsWith('account-')) {
      const account = accountDecider.evolve(before as AccountState | null, event as never);
      states.set(streamId, account);
      const { balance, held, holdings } = account as AccountState;
      const shares = Object.values(holdings).map((holding) => [holding.held, holding.quantity]);
      const isRight = [[held, balance], ...shares].every(([part = '', whole = '']) =>
        isWithin(part, whole),
      );
      return isRight ? [] : [`after ${sequence} ${type}: ${JSON.stringify(account)}`];
    }
    if (!streamId.startsWith('book-')) return [];
    const book = evolveBook(before as Book | null, event as never);
    states.set(streamId, book);
    const [bid, ask] = [firstOf(book.bids), firstOf(book.asks)];
    const isCrossed = bid !== null && ask !== null && bid.price >= ask.price;
    return isCrossed ? [`after ${sequence} ${type}: ${bid.id} and ${ask.id} cross`] : [];
  });
}

function cashIsLost(x: Exchange, accounts: readonly AccountState[]): string[] {
  const brought = sumOf(
    x.world.events.map(({ type, data }) => {
      if (type === 'CashDeposited') return String(data['amount']);
      return type === 'CashWithdrawn' ? `-${data['amount']}` : '0';
    }),
  );
  const fees = sumOf(x.trades().flatMap(({ buyFee, sellFee }) => [buyFee, sellFee]));
  const rounding = sumOf(
    x.trades().map(({ buyAmount, sellAmount }) => Big(buyAmount).minus(sellAmount)),
  );
  const there = sumOf(accounts.map(({ balance }) => balance))
    .plus(fees)
    .plus(rounding);
  const traded = x.orders().filter(({ filledQuantity }) => Big(filledQuantity).gt(0));
  return [
    ...(there.eq(brought)
      ? []
      : [`${brought} of cash was deposited, accounts, fees and rounding have ${there}`]),
    ...(rounding.gte(0) ? [] : [`the house has lost ${rounding} by rounding`]),
    ...(rounding.lte(traded.length)
      ? []
      : [`${traded.length} orders lost ${rounding} by rounding`]),
  ];
}

function sharesAreLost(x: Exchange, symbol: string, accounts: readonly AccountState[]): string[] {
  const deposits = x.world.events.filter(({ type }) => type === 'SharesDeposited');
  const brought = sumOf(
    deposits.map(({ data }) => (data['symbol'] === symbol ? String(data['quantity']) : '0')),
  );
  const there = sumOf(accounts.map(({ holdings }) => holdingOf(holdings, symbol).quantity));
  return there.eq(brought) ? [] : [`${brought} ${symbol} were deposited, accounts have ${there}`];
}

function bookIsCrossed(x: Exchange, symbol: string): string[] {
  const resting = x
    .orders()
    .filter((order) => order.symbol === symbol && isOpen(order) && order.status !== 'HELD')
    .filter(({ id }) => x.world.stateOf(bookDecider, symbol)?.agenda?.taker?.id !== id);
  const bids = resting.filter(({ side }) => side === 'BUY');
  const asks = resting.filter(({ side }) => side === 'SELL');
  return bids.flatMap((bid) =>
    asks
      .filter((ask) => Big(bid.limitPrice ?? 0).gte(ask.limitPrice ?? 0))
      .map((ask) => `${bid.id} and ${ask.id} cross`),
  );
}

function accountIsWrong(x: Exchange, account: AccountState, symbols: readonly string[]): string[] {
  const { id, balance, held, holdings } = account;
  const own = x.orders().filter((order) => order.accountId === id && isOpen(order));
  const buys = own.filter(({ side }) => side === 'BUY');
  const reserved = sumOf(buys.map((order) => heldFor(x, order)));
  const cash = isWithin(held, balance)
    ? []
    : [`${id} has ${balance}, of which ${held} is reserved`];
  const sum = reserved.eq(held) ? [] : [`${id} has ${held} reserved, its orders ${reserved}`];
  const shares = symbols.flatMap((symbol) => {
    const holding = holdingOf(holdings, symbol);
    const sells = own.filter((order) => order.side === 'SELL' && order.symbol === symbol);
    const leaves = sumOf(sells.map((order) => sharesHeldFor(x, order)));
    const isRight = leaves.eq(holding.held) && isWithin(holding.held, holding.quantity);
    const what = `${holding.quantity} ${symbol}, of which ${holding.held} is reserved`;
    return isRight ? [] : [`${id} has ${what}, its orders reserve ${leaves}`];
  });
  return [...cash, ...sum, ...shares];
}

function heldFor(x: Exchange, { id, symbol }: Order): string {
  const book = x.world.stateOf(bookDecider, symbol);
  const order = book && (findOrder(book, id) ?? takerOf(book, id));
  if (order == null) throw new Error(`order ${id} is open but not in the book`);
  return order.held;
}

/** An incoming order may be for more shares than its account has. */
function sharesHeldFor(x: Exchange, { id, symbol, leavesQuantity }: Order): string {
  const book = x.world.stateOf(bookDecider, symbol);
  const taker = book && takerOf(book, id);
  if (book == null || taker == null) return leavesQuantity;
  return fromSteps(taker.heldLots, book.lot);
}

const takerOf = ({ agenda }: Book, id: string) => (agenda?.taker?.id === id ? agenda.taker : null);

/** Its totals are those of its trades, and of the trades of the orders that it replaced. */
function orderIsWrong(x: Exchange, order: Order): string[] {
  const { id, quantity, filledQuantity, filledValue, leavesQuantity } = order;
  const ids = new Set(chainOf(x, order));
  const trades = x.trades().filter(({ buyer, seller }) => ids.has(buyer) || ids.has(seller));
  const filled = sumOf(trades.map((trade) => trade.quantity));
  const value = sumOf(trades.map((trade) => Big(trade.price).times(trade.quantity)));
  const isRight = filled.eq(filledQuantity) && value.eq(filledValue);
  const left = isOpen(order) ? Big(quantity).minus(filled) : Big(0);
  return [
    ...(isRight
      ? []
      : [`${id} says ${filledQuantity} (${filledValue}), its trades ${filled} (${value})`]),
    ...(filled.lte(quantity) ? [] : [`${id} has ${filled} of ${quantity} filled`]),
    ...(left.eq(leavesQuantity) ? [] : [`${id} leaves ${leavesQuantity}, not ${left}`]),
  ];
}

function chainOf(x: Exchange, { id, replaces }: Order): readonly string[] {
  return replaces === null ? [id] : [id, ...chainOf(x, x.order(replaces))];
}

function isWithin(part: string, whole: string): boolean {
  return Big(part).gte(0) && Big(part).lte(whole);
}

function sumOf(amounts: readonly (string | Big)[]): Big {
  return amounts.reduce<Big>((sum, amount) => sum.plus(amount), Big(0));
}
