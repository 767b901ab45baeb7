import { isEmpty, visit } from '../../../lib/sorted-map.ts';
import { accountDecider } from '../../accounts/account.ts';
import { cancelOrders } from './account-orders.ts';
import { type Agenda, type Task, valuesOf, type Wave } from './agenda.ts';
import { oppositeOf } from './book.ts';
import { executeOrder, type IncomingOrder, type PriceRange, resumeOrder } from './execute-order.ts';
import type { MarketSession } from './session.ts';
import { executeReached, nextReached, toWave } from './stops.ts';
import { toPrice } from './units.ts';

/** The work in a book during one command, and how much of it is done. */
interface Work {
  readonly waves: Wave[];
  /** The number of these waves that are already on the agenda of the book. */
  readonly known: number;
  wavesDone: number;
  after: number;
  tasksDone: number;
  /**
   * The prices that waves without a time have reached. New waves within them reach no further
   * order, because no stop order is added while there is work.
   */
  lowest: number;
  highest: number;
  /** The index of the wave whose accounts have been prepared; -1 if none. */
  prepared: number;
}

/** Executes an order, then the stop orders that its trades have reached. */
export function executeWithStops(market: MarketSession, order: IncomingOrder): void {
  const work = openWork(null);
  const { range, isPaused } = executeOrder(market, order);
  if (isPaused) {
    pauseWork(market, work);
    return;
  }
  addRange(market, work, range);
  doWork(market, work);
}

/** Sets the last price, and executes the stop orders that it has reached. */
export function applyPrice(market: MarketSession, price: string, occurredAt: string | null): void {
  const work = openWork(null);
  setPrice(market, work, { price, occurredAt });
  doWork(market, work);
}

/** Executes the stop orders that the last price has reached. */
export function applyLastPrice(market: MarketSession): void {
  const { lastPrice, lastPriceAt } = market.book();
  if (lastPrice === null) return;
  const work = openWork(null);
  addWave(work, toWave(market, lastPrice, lastPriceAt));
  doWork(market, work);
}

/** Continues the work that earlier commands have left, up to the step limit of one command. */
export function continueWork(market: MarketSession): void {
  const { agenda } = market.book();
  if (agenda === null) return;
  const work = openWork(agenda);
  if (agenda.taker !== null) {
    const { low, high } = agenda.taker;
    const before = low === null || high === null ? null : { low, high };
    const { range, isPaused } = executeOrder(market, resumeOrder(market, agenda.taker), before);
    if (isPaused) {
      // The paused order keeps the range of its prices so far.
      pauseWork(market, work);
      return;
    }
    addRange(market, work, range);
  }
  doWork(market, work);
}

/** Adds a task to the end of the agenda of a book. */
export function queueTask(market: MarketSession, task: Task): void {
  const { symbol } = market;
  const isFirst = market.book().agenda === null;
  if (task.kind === 'PRICE') {
    const { price, occurredAt: priceAt } = task;
    market.recordInBook({ type: 'PriceQueued', data: { symbol, price, priceAt } });
  } else {
    const { accountId, reason } = task;
    market.recordInBook({ type: 'CancelsQueued', data: { symbol, accountId, reason } });
  }
  if (isFirst) pauseWork(market, openWork(null));
}

function openWork(agenda: Agenda | null): Work {
  const waves = agenda === null ? [] : valuesOf(agenda.waves);
  const work: Work = {
    waves: [],
    known: waves.length,
    wavesDone: 0,
    after: agenda?.after ?? 0,
    tasksDone: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: 0,
    prepared: -1,
  };
  for (const wave of waves) addWave(work, wave);
  return work;
}

function addWave(work: Work, wave: Wave): void {
  work.waves.push(wave);
  if (wave.placedBy !== null) return;
  work.lowest = Math.min(work.lowest, wave.low);
  work.highest = Math.max(work.highest, wave.high);
}

function doWork(market: MarketSession, work: Work): void {
  while (workOnWaves(market, work)) {
    const task = nextTask(market, work);
    if (task === null) {
      if (market.book().agenda !== null) finishWork(market);
      return;
    }
    if (market.context.stepsLeft() <= 0 || !workOnTask(market, work, task)) break;
    market.context.spendSteps(1);
    work.tasksDone += 1;
  }
  pauseWork(market, work);
}

/**
 * Executes the stop orders of all waves in turn. Orders that their trades reach form later waves.
 * Returns whether all waves are done.
 */
function workOnWaves(market: MarketSession, work: Work): boolean {
  const { context } = market;
  const { waves } = work;
  for (let wave = waves[work.wavesDone]; wave !== undefined; wave = waves[work.wavesDone]) {
    const next = nextReached(market, wave, work.after);
    if (next === null && work.wavesDone === waves.length - 1) {
      endWave(work);
      return true;
    }
    if (context.stepsLeft() <= 0) return false;
    context.spendSteps(1);
    if (next === null) {
      endWave(work);
      continue;
    }
    prepareWave(market, work, wave);
    work.after = next.priority;
    const { range, isPaused } = executeReached(market, next, wave);
    if (isPaused) return false;
    addRange(market, work, range);
  }
  return true;
}

function endWave(work: Work): void {
  work.wavesDone += 1;
  work.after = 0;
}

/** Adds a wave for the prices of an order's trades, unless earlier waves have reached them. */
function addRange(market: MarketSession, work: Work, range: PriceRange): void {
  if (range === null) return;
  const { buyStops, sellStops } = market.book();
  if (isEmpty(buyStops) && isEmpty(sellStops)) return;
  const { low, high } = range;
  if (low >= work.lowest && high <= work.highest) return;
  addWave(work, { low, high, price: null, placedBy: null });
}

function nextTask(market: MarketSession, { tasksDone }: Work): Task | null {
  const { agenda } = market.book();
  if (agenda === null) return null;
  return valuesOf(agenda.tasks, tasksDone + 1)[tasksDone] ?? null;
}

/** Runs a task and returns whether it is done. A price adds a wave, which comes next. */
function workOnTask(market: MarketSession, work: Work, task: Task): boolean {
  if (task.kind === 'CANCELS') return cancelOrders(market, task.accountId, task.reason);
  setPrice(market, work, task);
  return true;
}

/** Sets the last price. A price that occurred before the current last price changes nothing. */
function setPrice(
  market: MarketSession,
  work: Work,
  { price, occurredAt }: { readonly price: string; readonly occurredAt: string | null },
): void {
  const { symbol, units } = market;
  const { lastPriceAt } = market.book();
  if (occurredAt !== null && lastPriceAt !== null && occurredAt < lastPriceAt) return;
  market.recordInBook({ type: 'ReferencePriceSet', data: { symbol, price } }, occurredAt);
  if (units.instrument.tradingStatus === 'OPEN') {
    addWave(work, toWave(market, price, occurredAt));
  }
}

/** Records what the next command needs to know to continue the work. */
function pauseWork(
  market: MarketSession,
  { waves, known, wavesDone, after, tasksDone }: Work,
): void {
  const { symbol, units } = market;
  for (const { low, high, price, placedBy } of waves.slice(Math.max(known, wavesDone))) {
    const [lowPrice, highPrice] = [toPrice(low, units), toPrice(high, units)];
    const data = { symbol, lowPrice, highPrice };
    market.recordInBook(
      price === null
        ? { type: 'StopsReached', data }
        : { type: 'StopsReachedByPrice', data: { ...data, price, placedBy } },
    );
  }
  const done = Math.min(known, wavesDone);
  const data = { symbol, wavesDone: done, after, tasksDone };
  market.recordInBook({ type: 'MatchingPaused', data });
}

function finishWork(market: MarketSession): void {
  const { symbol } = market;
  market.recordInBook({ type: 'MatchingFinished', data: { symbol } });
}

/** Loads in one request the accounts of the orders that enter next, and of those they may meet. */
function prepareWave(market: MarketSession, work: Work, wave: Wave): void {
  if (work.prepared === work.wavesDone) return;
  work.prepared = work.wavesDone;
  const count = market.context.stepsLeft() + 1;
  const ids = new Set<string>();
  let behind = work.after;
  for (let found = 0; found < count; found += 1) {
    const next = nextReached(market, wave, behind);
    if (next === null) break;
    ids.add(next.accountId);
    behind = next.priority;
  }
  for (const side of ['BUY', 'SELL'] as const) {
    let met = 0;
    visit(oppositeOf(market.book(), side), (orders) =>
      visit(orders, ({ accountId }) => {
        ids.add(accountId);
        met += 1;
        return met < count;
      }),
    );
  }
  market.context.prepare(accountDecider, ids);
}
