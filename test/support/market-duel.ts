import Big from 'big.js';
import { bookDecider } from '../../src/contexts/trading/matching/book.ts';
import type { Order } from '../../src/contexts/trading/order.ts';
import { addSeconds, type Exchange, openExchange } from './exchange.ts';
import { findBrokenInvariants, findBrokenMoments } from './market-invariants.ts';
import {
  accountThere,
  lastPriceOf,
  ordersThere,
  toLine,
  tradesOf,
  tradesThere,
  turnsIn,
} from './market-lines.ts';
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
import { isOpen } from './reference-terms.ts';

interface Duel {
  readonly setup: Setup;
  readonly x: Exchange;
  readonly reference: Reference;
  /** The steps done so far, in words. */
  readonly lines: string[];
  readonly symbols: readonly string[];
}

/** A step in words, and the functions that carry it out on the market and on the reference. */
interface Move {
  readonly text: string;
  readonly market: () => string | null;
  readonly reference: () => string | null;
}

/**
 * Runs a program on the market and on the reference, and compares all visible state after every
 * command. Throws at the first difference, and lists the steps done up to there.
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
    // Half of the time the work that a command leaves is done by the next command in that book.
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
 * before it meets those behind. Split work stops looking there and leaves them to their timers.
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
 * Runs a program on the market alone, with commands that do little and leave the rest to later
 * ones. Throws if an invariant is broken at any time.
 */
export function runSplit(program: Program, stepsMax: number): Exchange {
  const duel = begin(program, stepsMax);
  for (const [index, step] of program.steps.entries()) {
    const move = toMove(duel, step, `o${index + 1}`);
    if (move === null) continue;
    duel.lines.push(move.text);
    guarded(duel, move.market);
    assertUnbroken(duel);
    if (index % 3 === 0) for (const symbol of duel.symbols) duel.x.continueWork(symbol);
    assertUnbroken(duel);
  }
  settleAll(duel);
  assertUnbroken(duel);
  const broken = findBrokenMoments(duel.x);
  if (broken.length > 0) fail(duel, broken.join('\n'));
  return duel.x;
}

/**
 * Finishes the work in all books except that of the step, because work that is left keeps cash
 * reserved, which the reference does not model. In its own book the command itself waits for it.
 */
function settleOthers(duel: Duel, step: Step): void {
  const own = symbolOf(duel, step);
  settleAll(duel, own);
  // An order that has ended in the meantime is not picked: the step may be about another book now.
  if (symbolOf(duel, step) !== own) settleAll(duel);
}

/** Returns the symbol of the book that a step is about; null if it is about none or all of them. */
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
      for (let left = 5_000; duel.x.continueWork(symbol); left -= 1) {
        if (left === 0) throw new Error(`the work in ${symbol} never ends`);
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

/** Returns the move of a step; null if there is nothing that the step could act on. */
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
    case 'price':
    case 'prices':
      return toPriceMove(duel, step);
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

/** Records one price, or several prices of ABC in one command. */
function toPriceMove(
  { setup, x, reference }: Duel,
  step: Extract<Step, { verb: 'price' | 'prices' }>,
): Move {
  if (step.verb === 'price') {
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

function toReplace(
  { setup, x, reference }: Duel,
  { pick, change }: Extract<Step, { verb: 'replace' }>,
  to: string,
): Move | null {
  const order = pickOrder(x, pick);
  if (order === null) return null;
  const symbol = setup.instruments.findIndex((listing) => listing.symbol === order.symbol);
  const { lots, limit, stop } = change;
  // Changes to a price that the order does not have are rare, because they are only rejected.
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

/** Picks an order, usually an open one; null if there are none. */
function pickOrder(x: Exchange, pick: number): Order | null {
  const all = x.orders();
  const open = all.filter(isOpen);
  const some = pick % 4 === 3 || open.length === 0 ? all : open;
  return some[some.length - 1 - (Math.floor(pick / 4) % some.length)] ?? null;
}

function compare(duel: Duel): void {
  const { x, reference, symbols, setup } = duel;
  assertSame(duel, 'trades', tradesOf(x), tradesThere(reference));
  assertSame(duel, 'orders', x.orders().map(toLine), ordersThere(reference));
  assertSame(
    duel,
    'accounts',
    accountIds.flatMap((id) => [x.cash(id), ...symbols.map((symbol) => x.shares(id, symbol))]),
    accountIds.flatMap((id) => accountThere(reference, { symbols, digits: setup.digits }, id)),
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

function assertSame(
  duel: Duel,
  what: string,
  market: readonly string[],
  reference: readonly string[],
): void {
  if (market.join('\n') === reference.join('\n')) return;
  const index = market.findIndex((line, number) => line !== reference[number]);
  const at = index < 0 ? market.length : index;
  fail(duel, `${what}: the market has ${market[at]}\n    the reference has ${reference[at]}`);
}

function guarded(duel: Duel, run: () => string | null): string | null {
  try {
    return run();
  } catch (error) {
    return fail(duel, `the market threw ${error instanceof Error ? error.stack : error}`);
  }
}

function fail({ lines }: Duel, message: string): never {
  throw new Error(`${message}\nafter\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
