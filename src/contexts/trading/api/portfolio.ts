import type { ApiParts } from '../../../api/api-parts.ts';
import { oncePerSchema } from '../../../api/once.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { isZero } from '../../../lib/decimal.ts';
import { type ReadPoint, sequenceOf } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import { topicsOf } from '../../../views/watching/watch-document.ts';
import type { Watchable } from '../../../views/watching/watched-state.ts';
import type { Account } from '../../accounts/account.ts';
import { accountTypes, toAccountAt } from '../../accounts/api/account.ts';
import { accountsView } from '../../accounts/views.ts';
import { findInstrument, instrumentTypes } from '../../market/api/instrument.ts';
import { lastPricesView, type Price } from '../../market/views.ts';
import {
  costOf,
  type Portfolio,
  toPortfolio,
  type ValuedPosition,
  valuePosition,
} from '../views/portfolio.ts';
import { positionsView } from '../views/positions.ts';
import { missing } from './read.ts';

/** A portfolio at a read point. */
export interface PortfolioAt extends Portfolio {
  readonly at: ReadPoint;
}

interface PositionAt extends ValuedPosition {
  readonly at: ReadPoint;
}

type Reading = Pick<Views, 'list' | 'document'>;

/** The Position and Portfolio types, and Account's fields of them. */
export const portfolioTypes = oncePerSchema(addPortfolioTypes);

function addPortfolioTypes(parts: ApiParts) {
  const { builder } = parts;
  const { account } = accountTypes(parts);
  const position = addPositionType(parts);
  const portfolio = builder.objectRef<PortfolioAt>('Portfolio').implement({
    description: 'What an account is worth, in its currency, at the last prices that are known.',
    fields: (t) => ({
      account: t.field({
        type: account,
        resolve: (source) => toAccountAt(source.account, source.at),
      }),
      cash: t.field({ type: 'Decimal', resolve: (source) => source.account.balance }),
      positions: t.field({
        type: [position],
        description: 'By symbol; those that are sold out are not here.',
        resolve: ({ positions, at }) => positions.map((each) => ({ ...each, at })),
      }),
      marketValue: t.expose('marketValue', {
        type: 'Decimal',
        description: 'Of the positions that have a price.',
      }),
      equity: t.expose('equity', { type: 'Decimal', description: 'cash + marketValue.' }),
      unrealizedPnl: t.expose('unrealizedPnl', { type: 'Decimal' }),
      realizedPnl: t.expose('realizedPnl', {
        type: 'Decimal',
        description: 'Of all that has been sold, fees in it.',
      }),
      sequence: t.field({
        type: 'Sequence',
        description:
          `The sequence at which this was read. In a dry run: the end of the log on which it
          was decided.`.replace(/\s+/g, ' '),
        resolve: ({ at }) => sequenceOf(at),
      }),
    }),
  });
  builder.objectFields(account, (t) => ({
    positions: t.field({
      type: [position],
      description: 'What it holds of instruments, by symbol.',
      resolve: async (source, _args, context) => {
        await context.waitForViews(source.at);
        const { positions } = await readPortfolio(context.views, source.account, source.at);
        return positions.map((each) => ({ ...each, at: source.at }));
      },
    }),
    portfolio: t.field({
      type: portfolio,
      resolve: async (source, _args, context) => {
        await context.waitForViews(source.at);
        return readPortfolio(context.views, source.account, source.at);
      },
    }),
  }));
  return { portfolio };
}

function addPositionType(parts: ApiParts) {
  const { instrument } = instrumentTypes(parts);
  return parts.builder.objectRef<PositionAt>('Position').implement({
    description: 'A holding of one instrument.',
    fields: (t) => ({
      symbol: t.id({ resolve: ({ position }) => position.symbol }),
      instrument: t.field({
        type: instrument,
        resolve: async ({ position: { symbol }, at }, _args, context) =>
          (await findInstrument(context, symbol, at)) ?? missing('instrument', symbol, at),
      }),
      quantity: t.field({ type: 'Decimal', resolve: ({ position }) => position.quantity }),
      held: t.field({
        type: 'Decimal',
        description: 'What of it is reserved for orders.',
        resolve: ({ position }) => position.held,
      }),
      averageCost: t.field({
        type: 'Decimal',
        description:
          `The cost of one share, to 8 decimals, half-up. Buying fees are part of it. A sale
          does not change it.`.replace(/\s+/g, ' '),
        resolve: ({ position }) => position.averageCost,
      }),
      cost: t.field({
        type: 'Decimal',
        description:
          `What the shares that are held cost in all. A sale takes its share of it in whole
          minor units, so that nothing is lost to rounding.`.replace(/\s+/g, ' '),
        resolve: ({ position }) => costOf(position),
      }),
      marketPrice: t.expose('marketPrice', {
        type: 'Decimal',
        nullable: true,
        description: 'The last price that is known.',
      }),
      marketValue: t.expose('marketValue', {
        type: 'Decimal',
        nullable: true,
        description: 'The quantity at the market price, half-up. Null: there is no price.',
      }),
      unrealizedPnl: t.expose('unrealizedPnl', {
        type: 'Decimal',
        nullable: true,
        description: 'marketValue - cost, half-up. Null: there is no price.',
      }),
      realizedPnl: t.field({
        type: 'Decimal',
        description: 'Of what has been sold of it, fees in it.',
        resolve: ({ position }) => position.realizedPnl,
      }),
    }),
  });
}

/** What an account is worth at a read point. */
async function readPortfolio(
  views: Reading,
  account: Account,
  at: ReadPoint,
): Promise<PortfolioAt> {
  const list = { view: positionsView, list: 'ACCOUNT', prefix: `${account.id} ` };
  const all = await readWholeList(views, list, at);
  const nonZero = all.filter(({ quantity }) => !isZero(quantity));
  const valued = await Promise.all(
    nonZero.map(async (position) => {
      const price = await views.document(lastPricesView, position.symbol, at);
      // The view's own evolve has made the document: it is a price.
      return valuePosition(position, (price?.document as Price | undefined)?.price ?? null);
    }),
  );
  return { ...toPortfolio(account, valued, all), at };
}

/** A portfolio, to be watched: it changes with its account, its positions, and their prices. */
export function watchablePortfolio(
  views: Reading,
  accountId: string,
): Watchable<PortfolioAt | null> {
  return {
    key: `portfolio ${accountId}`,
    topics: (portfolio) => [
      // Its positions change with events of its own stream only.
      { of: topicsOf(accountsView), name: accountId },
      ...(portfolio?.positions ?? []).map(({ position }) => ({
        of: topicsOf(lastPricesView),
        name: position.symbol,
      })),
    ],
    async read(sequence) {
      const found = await views.document(accountsView, accountId, sequence);
      if (found === null) return null;
      return readPortfolio(views, found.document as Account, sequence);
    },
    isNews: (before, after) => contentOf(before) !== contentOf(after),
    pauseMs: framePauseMs,
  };
}

/** Prices can change thousands of times a second: the newest of so long is told. */
const framePauseMs = 50;

function contentOf(portfolio: PortfolioAt | null): string {
  if (portfolio === null) return '';
  const { at: _at, ...content } = portfolio;
  return JSON.stringify(content);
}
