import type { ApiParts } from '../../../api/api-parts.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { isZero } from '../../../lib/decimal.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import { topicsOf } from '../../../views/watching/watch-document.ts';
import type { Watchable } from '../../../views/watching/watched-state.ts';
import type { Account } from '../../accounts/account.ts';
import { accountTypes, findAccount, toAccountAt } from '../../accounts/api/account.ts';
import { accountsView } from '../../accounts/views.ts';
import { lastPricesView } from '../../market/views.ts';
import { type Portfolio, toPortfolio } from '../views/portfolio.ts';
import { positionsView } from '../views/positions.ts';
import { addPositionType, readValue, toPositionAt } from './position.ts';

/** A portfolio at a read point. */
export interface PortfolioAt extends Portfolio {
  readonly typename: 'Portfolio';
  readonly at: ReadPoint;
}

type Reading = Pick<Views, 'list' | 'document'>;

const portfolioPrefix = 'portfolio-';

/** Adds the types Position and Portfolio, and Account.positions and Account.portfolio. */
export const portfolioTypes = oncePerSchema(addPortfolioTypes);

function addPortfolioTypes(parts: ApiParts) {
  const { builder } = parts;
  const { account } = accountTypes(parts);
  const position = addPositionType(parts);
  const portfolio = addPortfolioType(parts, position);
  builder.objectFields(account, (t) => ({
    positions: t.field({
      type: [position],
      description: 'The positions in which the account holds shares, sorted by symbol.',
      resolve: async (source, _args, context) => {
        await context.waitForViews(source.at);
        const { positions } = await readPortfolio(context.views, source.account, source.at);
        return positions.map((each) => toPositionAt(each, source.at));
      },
    }),
    portfolio: t.field({
      type: portfolio,
      description: 'The value of the account at the last known prices.',
      resolve: async (source, _args, context) => {
        await context.waitForViews(source.at);
        return readPortfolio(context.views, source.account, source.at);
      },
    }),
  }));
  return { portfolio };
}

function addPortfolioType(parts: ApiParts, position: ReturnType<typeof addPositionType>) {
  const { account } = accountTypes(parts);
  return parts.builder.objectRef<PortfolioAt>('Portfolio').implement({
    description: oneLine`The value of an account at the last known prices. All amounts are in the
      account's currency.`,
    interfaces: [parts.nodes.node],
    fields: (t) => ({
      id: t.id({
        description: oneLine`The id of the portfolio at the moment at which it was read:
          "portfolio-<accountId>", and with \`asOf\` also "@" and the sequence number.`,
        resolve: ({ account, at }) => idAt(`${portfolioPrefix}${account.id}`, at),
      }),
      account: t.field({
        type: account,
        description: 'The account that the portfolio belongs to.',
        resolve: (source) => toAccountAt(source.account, source.at),
      }),
      cash: t.field({
        type: 'Decimal',
        description: 'The balance of the account, including reserved cash.',
        resolve: (source) => source.account.balance,
      }),
      positions: t.field({
        type: [position],
        description: 'The positions in which the account holds shares, sorted by symbol.',
        resolve: ({ positions, at }) => positions.map((each) => toPositionAt(each, at)),
      }),
      marketValue: t.expose('marketValue', {
        type: 'Decimal',
        description: 'The total market value of the positions whose instrument has a known price.',
      }),
      equity: t.expose('equity', {
        type: 'Decimal',
        description: 'The value of the account: cash plus marketValue.',
      }),
      unrealizedPnl: t.expose('unrealizedPnl', {
        type: 'Decimal',
        description: oneLine`The total unrealized profit or loss of the positions whose instrument
          has a known price.`,
      }),
      realizedPnl: t.expose('realizedPnl', {
        type: 'Decimal',
        description:
          'The total realized profit or loss after fees, including positions that are sold out.',
      }),
      sequence: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number at which this state was read. In a dry run, it is
          the sequence number at which the dry run was decided.`,
        resolve: ({ at }) => baseSequenceOf(at),
      }),
    }),
  });
}

/** The portfolio of an account at a read point. */
async function readPortfolio(
  views: Reading,
  account: Account,
  at: ReadPoint,
): Promise<PortfolioAt> {
  const list = { view: positionsView, list: 'ACCOUNT', prefix: `${account.id} ` };
  const all = await readWholeList(views, list, at);
  const nonZero = all.filter(({ quantity }) => !isZero(quantity));
  const valued = await Promise.all(nonZero.map((position) => readValue(views, position, at)));
  return { ...toPortfolio(account, valued, all), typename: 'Portfolio', at };
}

/** Finds a portfolio by its key; null if the text is no key or there is no such account. */
export async function findPortfolio(
  context: RequestContext,
  key: string,
  at: ReadPoint,
): Promise<PortfolioAt | null> {
  if (!key.startsWith(portfolioPrefix)) return null;
  const found = await findAccount(context, key.slice(portfolioPrefix.length), at);
  return found && readPortfolio(context.views, found.account, at);
}

/** A watchable portfolio. It changes with its account, its positions and their prices. */
export function watchablePortfolio(
  views: Reading,
  accountId: string,
): Watchable<PortfolioAt | null> {
  return {
    key: `portfolio ${accountId}`,
    topics: (portfolio) => [
      // Positions change only with events of the account's stream.
      { of: topicsOf(accountsView), name: accountId },
      ...(portfolio?.positions ?? []).map(({ position }) => ({
        of: topicsOf(lastPricesView),
        name: position.symbol,
      })),
    ],
    async read(sequence) {
      const found = await views.document(accountsView, accountId, sequence);
      return found && readPortfolio(views, found.document, sequence);
    },
    isNews: (before, after) => contentOf(before) !== contentOf(after),
    pauseMs: framePauseMs,
  };
}

/** Prices can change thousands of times a second: only the newest state in this time is sent. */
const framePauseMs = 50;

function contentOf(portfolio: PortfolioAt | null): string {
  if (portfolio === null) return '';
  const { at: _at, ...content } = portfolio;
  return JSON.stringify(content);
}
