import Big from 'big.js';
import { instrumentDecider } from '../../src/contexts/market/instrument.ts';
import { valuesOf } from '../../src/contexts/trading/matching/agenda.ts';
import { type Book, bookDecider, type Queue } from '../../src/contexts/trading/matching/book.ts';
import { averagePriceOf, type Order } from '../../src/contexts/trading/order.ts';
import { visit } from '../../src/lib/sorted-map.ts';
import { addSeconds, type Exchange, openExchange } from './exchange.ts';
import { findBrokenInvariants, findBrokenMoments } from './market-invariants.ts';
import {
  accountIds,
  listingOf,
  lotsOf,
  type Program,
  priceAt,
  type Setup,
  type Step,
  textOf,
} from './market-program.ts';
import { parseOrder } from './order-text.ts';
import { createReference, type Reference } from './reference.ts';
import { isOpen, leavesOf } from './reference-terms.ts';

interface Duel {
  readonly setup: Setup;
  readonly x: Exchange;
  readonly reference: Reference;
  /** What has been done, in words. */
  readonly lines: string[];
  readonly symbols: readonly string[];
}

/** What a step does, in words, and its answers from both. */
interface Move {
  readonly text: string;
  readonly market: () => string | null;
  readonly reference: () => string | null;
}

/**
 * Runs a program on the market and on the reference, compares all that can be seen after every
 * command, and throws at the first difference, with what has been done up to there.
 */
export function runDuel(
  program: Program,
  afterEach: (x: Exchange) => void = () => {},
  stepsMax = wholeStepsMax,
): Exchange {
  const duel = begin(program, stepsMax);
  for (const [index, step] of program.steps.entries()) {
    settleOthers(duel, step);
    const move = toMove(duel, step, `o${index + 1}`);
    if (move === null) continue;
    duel.lines.push(move.text);
    const code = guarded(duel, move.market);
    duel.reference.setTime(duel.x.world.time());
    assertSame(duel, 'answer', [`${code}`], [`${move.reference()}`]);
    // What a command has left is to be done by the next one that comes upon it, half of the time.
    if (index % 2 === 0) settleAll(duel);
    if (stepsMax < wholeStepsMax) expireOverdue(duel);
    if (isSettled(duel)) compare(duel);
    else assertUnbroken(duel);
    afterEach(duel.x);
  }
  settleAll(duel);
  if (stepsMax < wholeStepsMax) expireOverdue(duel);
  compare(duel);
  const broken = findBrokenMoments(duel.x);
  if (broken.length > 0) fail(duel, broken.join('\n'));
  return duel.x;
}

/** With so many steps, every command of a program is done at once. */
const wholeStepsMax = 1_000;

/**
 * Expires the orders that are overdue, as their timers would. An order that runs out of cash ends
 * before it meets those behind, where split work stops looking: it then leaves them to their timers.
 */
function expireOverdue(duel: Duel): void {
  if (!isSettled(duel)) return;
  const now = duel.x.world.time();
  duel.reference.setTime(now);
  for (const { id, expiresAt } of duel.x.orders()) {
    if (expiresAt === null || expiresAt > now) continue;
    guarded(duel, () => duel.x.expire(id));
    duel.reference.expire(id);
  }
}

/**
 * Runs a program on the market alone, whose commands do little at a time and leave the rest to the next
 * ones; throws when an invariant is broken, whatever comes in between.
 */
export function runSplit(program: Program, stepsMax: number): Exchange {
  const duel = begin(program, stepsMax);
  for (const [index, step] of program.steps.entries()) {
    const move = toMove(duel, step, `o${index + 1}`);
    if (move === null) continue;
    duel.lines.push(move.text);
    guarded(duel, move.market);
    assertUnbroken(duel);
    if (index % 3 === 0) for (const symbol of duel.symbols) duel.x.goOn(symbol);
    assertUnbroken(duel);
  }
  settleAll(duel);
  assertUnbroken(duel);
  const broken = findBrokenMoments(duel.x);
  if (broken.length > 0) fail(duel, broken.join('\n'));
  return duel.x;
}

/**
 * Does what is left in the books with which a step has nothing to do: there its cash is reserved in
 * between, which the rules do not know. In its own book the command itself waits for what is left.
 */
function settleOthers(duel: Duel, step: Step): void {
  const own = symbolOf(duel, step);
  settleAll(duel, own);
  // An order that has ended meanwhile is not picked.
  if (symbolOf(duel, step) !== own) settleAll(duel);
}

/** The book that a step is about; null: it is about none, or about all of them. */
function symbolOf({ setup, x }: Duel, step: Step): string | null {
  if ('symbol' in step && step.verb !== 'depositShares') {
    return listingOf(setup, step.symbol).symbol;
  }
  if (step.verb === 'prices') return listingOf(setup, 0).symbol;
  return 'pick' in step ? (pickOrder(x, step.pick)?.symbol ?? null) : null;
}

const isSettled = ({ x, symbols }: Duel): boolean =>
  symbols.every((symbol) => x.world.stateOf(bookDecider, symbol)?.agenda == null);

function settleAll(duel: Duel, but: string | null = null): void {
  for (const symbol of duel.symbols) {
    if (symbol === but) continue;
    guarded(duel, () => {
      for (let left = 5_000; duel.x.goOn(symbol); left -= 1) {
        if (left === 0) throw new Error(`${symbol} never comes to an end`);
      }
      return null;
    });
  }
}

function assertUnbroken({ symbols, ...duel }: Duel): void {
  const broken = findBrokenInvariants(duel.x, { accountIds, symbols });
  if (broken.length > 0) fail({ symbols, ...duel }, broken.join('\n'));
}

function begin({ setup, start }: Program, stepsMax: number): Duel {
  const { currency, digits, instruments, cash } = setup;
  const [first, ...others] = instruments.map(({ lowest: _, ...terms }) => terms);
  const x = openExchange({}, { ...first, currency }, stepsMax);
  for (const terms of others) x.list({ ...terms, currency });
  const reference = createReference(stepsMax);
  for (const instrument of instruments) reference.list({ ...instrument, digits });
  const lines: string[] = instruments.map((instrument) => Object.values(instrument).join(' '));
  for (const id of accountIds) {
    const amount = cash[start[id].cash] ?? '0';
    const shares = instruments.flatMap(({ symbol }, index) =>
      start[id].lots > 0 ? [[symbol, lotsOf(setup, index, start[id].lots)] as const] : [],
    );
    const means = { currency, shares: Object.fromEntries(shares) };
    x.open(id, Big(amount).gt(0) ? { ...means, cash: amount } : means);
    reference.open(id);
    reference.depositCash(id, amount);
    for (const [symbol, quantity] of shares) reference.depositShares(id, symbol, quantity);
    lines.push(`${id} has ${amount} and ${shares.flat().join(' ')}`);
  }
  const duel = { setup, x, reference, lines, symbols: instruments.map(({ symbol }) => symbol) };
  compare(duel);
  return duel;
}

/** Null: there is nothing that the step could be about. */
function toMove(duel: Duel, step: Step, id: string): Move | null {
  const { setup, x, reference } = duel;
  switch (step.verb) {
    case 'place': {
      const text = textOf(setup, id, step);
      const wanted = parseOrder(text, x.world.time());
      return { text, market: () => x.place(text), reference: () => reference.place(wanted) };
    }
    case 'cancel':
    case 'expire': {
      const order = pickOrder(x, step.pick);
      if (order === null) return null;
      const [market, other] = [x[step.verb], reference[step.verb]];
      const text = `${step.verb} ${order.id}`;
      return { text, market: () => market(order.id), reference: () => other(order.id) };
    }
    case 'replace':
      return toReplace(duel, step, id);
    case 'price': {
      const { symbol } = listingOf(setup, step.symbol);
      const price = priceAt(setup, step.symbol, step.level);
      const { secondsAgo } = step;
      const at = secondsAgo === null ? null : addSeconds(x.world.time(), -secondsAgo);
      const when = secondsAgo === null ? {} : { secondsAgo };
      return {
        text: `price of ${symbol} ${price} ${secondsAgo ?? 0}s ago`,
        market: () => x.price(price, { symbol, ...when }),
        reference: () => reference.price(symbol, price, at),
      };
    }
    case 'prices': {
      const points = step.points.map(({ level, secondsAgo }) => ({
        price: priceAt(setup, 0, level),
        secondsAgo,
        at: addSeconds(x.world.time(), -secondsAgo),
      }));
      return {
        text: `prices of ABC ${points.map((it) => `${it.price} ${it.secondsAgo}s ago`).join(', ')}`,
        market: () => x.prices(points),
        reference: () => {
          for (const { price, at } of points) reference.price('ABC', price, at);
          return null;
        },
      };
    }
    case 'depositCash':
    case 'withdrawCash': {
      const amount = setup.cash[step.cash] ?? '0';
      if (Big(amount).eq(0)) return null;
      const [market, other] = [x[step.verb], reference[step.verb]];
      return {
        text: `${step.verb} ${step.account} ${amount}`,
        market: () => market(step.account, amount),
        reference: () => other(step.account, amount),
      };
    }
    case 'depositShares': {
      const { symbol } = listingOf(setup, step.symbol);
      const quantity = lotsOf(setup, step.symbol, step.lots);
      return {
        text: `depositShares ${step.account} ${quantity} ${symbol}`,
        market: () => x.depositShares(step.account, quantity, symbol),
        reference: () => reference.depositShares(step.account, symbol, quantity),
      };
    }
    case 'halt':
    case 'resume': {
      const { symbol } = listingOf(setup, step.symbol);
      return {
        text: `${step.verb} ${symbol}`,
        market: () => x[step.verb](symbol),
        reference: () => reference.setHalted(symbol, step.verb === 'halt'),
      };
    }
    case 'freeze':
    case 'unfreeze':
      return {
        text: `${step.verb} ${step.account}`,
        market: () => x[step.verb](step.account),
        reference: () => reference.setFrozen(step.account, step.verb === 'freeze'),
      };
    case 'wait':
      x.wait(step.seconds);
      duel.lines.push(`wait ${step.seconds}s`);
      return null;
  }
}

function toReplace(
  { setup, x, reference }: Duel,
  { pick, change }: Extract<Step, { verb: 'replace' }>,
  to: string,
): Move | null {
  const order = pickOrder(x, pick);
  if (order === null) return null;
  const symbol = setup.instruments.findIndex((listing) => listing.symbol === order.symbol);
  const { lots, limit, stop } = change;
  // What the order does not have is changed seldom: it is only refused.
  const priceOf = (level: number | null, before: string | null) =>
    level === null || (before === null && level <= 4) ? null : priceAt(setup, symbol, level);
  const changes = {
    to,
    quantity: lots === null ? null : lotsOf(setup, symbol, lots),
    limitPrice: priceOf(limit, order.limitPrice),
    stopPrice: priceOf(stop, order.status === 'HELD' ? order.stopPrice : null),
  };
  return {
    text: `replace ${order.id} ${JSON.stringify(changes)}`,
    market: () => x.replace(order.id, changes),
    reference: () => reference.replace(order.id, changes),
  };
}

/** Mostly one of the open orders. */
function pickOrder(x: Exchange, pick: number): Order | null {
  const all = x.orders();
  const open = all.filter(isOpen);
  const some = pick % 4 === 3 || open.length === 0 ? all : open;
  return some[some.length - 1 - (Math.floor(pick / 4) % some.length)] ?? null;
}

function compare(duel: Duel): void {
  const { x, reference, symbols } = duel;
  assertSame(duel, 'trades', tradesOf(x), tradesThere(reference));
  assertSame(duel, 'orders', x.orders().map(toLine), ordersThere(reference));
  assertSame(
    duel,
    'accounts',
    accountIds.flatMap((id) => [x.cash(id), ...symbols.map((symbol) => x.shares(id, symbol))]),
    accountIds.flatMap((id) => accountThere(duel, id)),
  );
  const last = symbols.map((symbol) => `${lastPriceOf(x, symbol)}`);
  const lastThere = symbols.map((symbol) => `${reference.lastPrice(symbol)?.toFixed()}`);
  assertSame(duel, 'last prices', last, lastThere);
  for (const symbol of symbols) {
    const book = x.world.stateOf(bookDecider, symbol);
    assertSame(duel, `turns in ${symbol}`, turnsIn(book), reference.turns(symbol));
  }
  assertUnbroken(duel);
}

/** Open orders as their turn would come: bids, asks, and those that wait for a price. */
function turnsIn(book: Book | null): readonly string[] {
  if (book === null) return ['', '', ''];
  const stops = [...valuesOf(book.buyStops), ...valuesOf(book.sellStops)];
  stops.sort((a, b) => a.priority - b.priority);
  const queues = [ordersIn(book.bids), ordersIn(book.asks), stops];
  return queues.map((orders) => orders.map(({ id }) => id).join(' '));
}

function ordersIn<Order>(queue: Queue<Order>): Order[] {
  const orders: Order[] = [];
  visit(queue, (rank) => visit(rank, (order) => orders.push(order) > 0));
  return orders;
}

function tradesOf(x: Exchange): readonly string[] {
  return x.trades().map((trade) => {
    const { symbol, buyer, seller, quantity, price } = trade;
    const { buyAmount, buyFee, sellAmount, sellFee } = trade;
    const texts = [quantity, price, buyAmount, buyFee, sellAmount, sellFee];
    return [symbol, buyer, seller, ...texts.map((text) => Big(text).toFixed())].join(' ');
  });
}

function tradesThere({ trades }: Reference): readonly string[] {
  return trades.map((trade) => {
    const { symbol, buyer, seller, quantity, price } = trade;
    const { buyAmount, buyFee, sellAmount, sellFee } = trade;
    const numbers = [quantity, price, buyAmount, buyFee, sellAmount, sellFee];
    return [symbol, buyer, seller, ...numbers.map((number) => number.toFixed())].join(' ');
  });
}

function toLine(order: Order): string {
  const { id, status, filledQuantity, leavesQuantity, reason, quantity } = order;
  const numbers = [quantity, filledQuantity, leavesQuantity].map((text) => Big(text).toFixed());
  const why = reason === 'SELF_TRADE' ? reason : '';
  return `${id} ${status} ${numbers.join(' ')} ${averagePriceOf(order)} ${why}`;
}

function ordersThere({ orders }: Reference): readonly string[] {
  return orders.map((order) => {
    const { id, status, filled, value, reason, quantity } = order;
    const leaves = isOpen(order) ? leavesOf(order) : Big(0);
    const numbers = [quantity, filled, leaves].map((number) => number.toFixed());
    const mean = filled.gt(0) ? value.div(filled).round(8, Big.roundHalfUp).toFixed() : null;
    return `${id} ${status} ${numbers.join(' ')} ${mean} ${reason === 'SELF_TRADE' ? reason : ''}`;
  });
}

function accountThere({ reference, symbols, setup }: Duel, id: string): readonly string[] {
  const account = reference.accounts.get(id);
  const balance = account?.balance.toFixed(setup.digits);
  return [
    `${balance} (held ${reference.heldCash(id).toFixed(setup.digits)})`,
    ...symbols.map((symbol) => {
      const quantity = account?.shares.get(symbol) ?? Big(0);
      return `${quantity.toFixed()} (held ${reference.heldShares(id, symbol).toFixed()})`;
    }),
  ];
}

function lastPriceOf({ world }: Exchange, symbol: string): string | undefined {
  const book = world.stateOf(bookDecider, symbol);
  const instrument = world.stateOf(instrumentDecider, symbol);
  const price = book === null ? instrument?.lastPrice : book.lastPrice;
  return price == null ? undefined : Big(price).toFixed();
}

function assertSame(
  duel: Duel,
  what: string,
  market: readonly string[],
  reference: readonly string[],
): void {
  if (market.join('\n') === reference.join('\n')) return;
  const index = market.findIndex((line, number) => line !== reference[number]);
  const at = index < 0 ? market.length : index;
  fail(duel, `${what}: the market has ${market[at]}\n        the reference ${reference[at]}`);
}

function guarded(duel: Duel, run: () => string | null): string | null {
  try {
    return run();
  } catch (error) {
    return fail(duel, `the market throws ${error instanceof Error ? error.stack : error}`);
  }
}

function fail({ lines }: Duel, message: string): never {
  throw new Error(`${message}\nafter\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
