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
import { instrumentDecider } from '../../market/instrument.ts';
import type { TradingEvent } from '../events.ts';
import { type Book, bookDecider, openBook, type Trade } from './book.ts';
import { fromMoney, type InstrumentUnits, toMoney, toQuantity, unitsOf } from './units.ts';

/** One instrument's market during a command: what is there, and what the command records in it. */
export interface MarketSession {
  readonly symbol: string;
  readonly units: InstrumentUnits;
  readonly context: CommandContext;
  readonly now: string;
  /** The book as the command has made it so far. */
  book(): Book;
  account(id: string): AccountState;
  /** `occurredAt`: null, or when absent: when it is recorded. */
  recordInBook(
    event: TradingEvent | Pick<Trade, 'type' | 'data'>,
    occurredAt?: string | null,
  ): void;
  recordInAccount(id: string, event: AccountEvent): void;
}

/** The market of an instrument; its book is opened with the first event that is about it. */
export function openSession(context: CommandContext, symbol: string): MarketSession {
  const instrument =
    context.load(instrumentDecider, symbol).state ??
    reject(InstrumentNotFound, `there is no instrument ${symbol}`, { symbol });
  const units =
    unitsOf(instrument) ??
    reject(InvalidPrice, `${symbol} has steps of too many digits to be traded`, {
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

/** Cash that the account has and that is not reserved, in minor units. */
export function availableCash({ units }: MarketSession, account: AccountState): bigint {
  return fromMoney(availableOf(account), units);
}

/** Lots of the instrument that the account has and that are not reserved. */
export function availableLots(
  { symbol, units }: MarketSession,
  { holdings }: AccountState,
): number {
  const { quantity, held } = holdingOf(holdings, symbol);
  // Deposits are whole lots: what is no number of them is more than any order can be for.
  return toSteps(difference(quantity, held), units.lot) ?? Number.MAX_SAFE_INTEGER;
}

/** Reserves cash for an order, or frees some of it: `change` minor units more. */
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

/** Records that cash is reserved for an order; 0n for one that is open and reserves none. */
export function recordReservation(
  { units, symbol, recordInAccount }: MarketSession,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  minor: bigint,
): void {
  const { currency } = units.instrument;
  const data = { amount: toMoney(minor, units), currency, orderId: id, symbol };
  recordInAccount(accountId, { type: 'CashHeld', data });
}

/** Reserves shares for an order, or frees some of them: `change` lots more. */
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
