import type { CommandContext } from '../../../kernel/command.ts';
import { reject } from '../../../kernel/rejection.ts';
import { difference } from '../../../lib/decimal.ts';
import { toSteps } from '../../../lib/steps.ts';
import { type AccountState, availableOf } from '../../accounts/account.ts';
import type { AccountEvent } from '../../accounts/events.ts';
import { holdingOf } from '../../accounts/holdings.ts';
import { recordInAccount } from '../../accounts/record.ts';
import { loadAccount } from '../../accounts/rules.ts';
import { InstrumentNotFound, InvalidPrice } from '../../market/commands.ts';
import type { TradeExecuted } from '../../market/events.ts';
import { instrumentDecider } from '../../market/instrument.ts';
import type { TradingEvent } from '../events.ts';
import { type Book, bookDecider, openBook } from './book.ts';
import { fromMoney, type InstrumentUnits, toMoney, toQuantity, unitsOf } from './units.ts';

/** One instrument's market during a command: its current state, and what the command records. */
export interface MarketSession {
  readonly symbol: string;
  readonly units: InstrumentUnits;
  readonly context: CommandContext;
  readonly now: string;
  /** The book, including what the command has recorded so far. */
  book(): Book;
  account(id: string): AccountState;
  /** If `occurredAt` is null or omitted, the event occurs when it is recorded. */
  recordInBook(
    event: TradingEvent | Pick<TradeExecuted, 'type' | 'data'>,
    occurredAt?: string | null,
  ): void;
  recordInAccount(id: string, event: AccountEvent): void;
}

/**
 * Opens the market of an instrument. The first event that is recorded in its book opens the book.
 * Rejects an unknown instrument, and one whose steps have too many digits.
 */
export function openSession(context: CommandContext, symbol: string): MarketSession {
  const instrument =
    context.load(instrumentDecider, symbol).state ??
    reject(InstrumentNotFound, `there is no instrument ${symbol}`, { symbol });
  const units =
    unitsOf(instrument) ??
    reject(InvalidPrice, `${symbol} cannot be traded: its tick or lot size has too many digits`, {
      price: instrument.tickSize,
    });
  const { currency, tickSize, lotSize, lastPrice, lastPriceAt } = instrument;
  const opening = {
    type: 'BookOpened',
    data: { symbol, currency, tickSize, lotSize, lastPrice, lastPriceAt },
  } as const;
  return {
    symbol,
    units,
    context,
    now: context.now,
    book: () => context.load(bookDecider, symbol).state ?? openBook(opening),
    account: (id) => loadAccount(context, id),
    recordInBook(event, occurredAt = null) {
      const isFirst = context.load(bookDecider, symbol).version === 0;
      if (isFirst) context.record(bookDecider, symbol, opening);
      context.record(bookDecider, symbol, event, occurredAt === null ? {} : { occurredAt });
    },
    recordInAccount: (id, event) => recordInAccount(context, id, event),
  };
}

/** Returns the account's cash that is not reserved, in minor units. */
export function availableCash({ units }: MarketSession, account: AccountState): bigint {
  return fromMoney(availableOf(account), units);
}

/** Returns the account's lots of the instrument that are not reserved. */
export function availableLots(
  { symbol, units }: MarketSession,
  { holdings }: AccountState,
): number {
  const { quantity, held } = holdingOf(holdings, symbol);
  // Deposits are whole lots, so only a quantity larger than any order has no number of lots.
  return toSteps(difference(quantity, held), units.lot) ?? Number.MAX_SAFE_INTEGER;
}

/** Reserves `change` more minor units of cash for an order; if negative, releases that much. */
export function reserveCash(
  market: MarketSession,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  change: bigint,
): void {
  if (change > 0n) {
    recordReservation(market, { id, accountId }, change);
  } else if (change < 0n) {
    const { units } = market;
    const { currency } = units.instrument;
    const data = { amount: toMoney(-change, units), currency, orderId: id };
    market.recordInAccount(accountId, { type: 'CashReleased', data });
  }
}

/**
 * Records that cash is reserved for an order. With 0n, the account only learns that it has an open
 * order in this market.
 */
export function recordReservation(
  { units, symbol, recordInAccount }: MarketSession,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  minor: bigint,
): void {
  const { currency } = units.instrument;
  const data = { amount: toMoney(minor, units), currency, orderId: id, symbol };
  recordInAccount(accountId, { type: 'CashHeld', data });
}

/** Reserves `change` more lots of shares for an order; if negative, releases that many. */
export function reserveShares(
  market: MarketSession,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  change: number,
): void {
  if (change === 0) return;
  const { symbol, units } = market;
  const data = { symbol, quantity: toQuantity(Math.abs(change), units), orderId: id };
  const type = change < 0 ? 'SharesReleased' : 'SharesHeld';
  market.recordInAccount(accountId, { type, data });
}
