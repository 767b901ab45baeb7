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
import { fromMoney, type Terms, termsOf, toMoney, toQuantity } from './units.ts';

/** One instrument's market during a command: what is there, and what the command records in it. */
export interface Market {
  readonly symbol: string;
  readonly terms: Terms;
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
export function openMarket(context: CommandContext, symbol: string): Market {
  const instrument =
    context.load(instrumentDecider, symbol).state ??
    reject(InstrumentNotFound, `there is no instrument ${symbol}`, { symbol });
  const terms =
    termsOf(instrument) ??
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
    terms,
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
export function availableCash({ terms }: Market, account: AccountState): bigint {
  return fromMoney(availableOf(account), terms);
}

/** Lots of the instrument that the account has and that are not reserved. */
export function availableLots({ symbol, terms }: Market, { holdings }: AccountState): number {
  const { quantity, held } = holdingOf(holdings, symbol);
  // Deposits are whole lots: what is no number of them is more than any order can be for.
  return toSteps(difference(quantity, held), terms.lot) ?? Number.MAX_SAFE_INTEGER;
}

/** Reserves cash for an order, or frees some of it: `change` minor units more. */
export function holdCash(
  market: Market,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  change: bigint,
): void {
  if (change > 0n) {
    recordHeld(market, { id, accountId }, change);
  } else if (change < 0n) {
    const { terms } = market;
    const { currency } = terms.instrument;
    const data = { amount: toMoney(-change, terms), currency, orderId: id };
    market.recordInAccount(accountId, { type: 'CashReleased', data });
  }
}

/** Records that cash is reserved for an order; 0n for one that is open and reserves none. */
export function recordHeld(
  { terms, symbol, recordInAccount }: Market,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  minor: bigint,
): void {
  const { currency } = terms.instrument;
  const data = { amount: toMoney(minor, terms), currency, orderId: id, symbol };
  recordInAccount(accountId, { type: 'CashHeld', data });
}

/** Reserves shares for an order, or frees some of them: `change` lots more. */
export function holdShares(
  market: Market,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  change: number,
): void {
  if (change === 0) return;
  const { symbol, terms } = market;
  const data = { symbol, quantity: toQuantity(Math.abs(change), terms), orderId: id };
  const type = change < 0 ? 'SharesReleased' : 'SharesHeld';
  market.recordInAccount(accountId, { type, data });
}
