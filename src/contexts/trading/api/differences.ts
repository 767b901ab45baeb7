import type { ApiParts } from '../../../api/api-parts.ts';
import { toApiError } from '../../../api/engine-errors.ts';
import { type PagingArgs, parsePage } from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { entityIdOf } from '../../../kernel/decider.ts';
import { accountsView } from '../../accounts/views.ts';
import {
  type AccountFigure,
  amountMembers,
  compareFigures,
  type FigureDifference,
  figures,
  figuresOf,
} from '../views/account-figures.ts';
import type { Position } from '../views/position.ts';
import { positionsView } from '../views/positions.ts';

/** Accounts that were compared with the log, in the order of their opening. */
export interface Comparison {
  readonly nodes: readonly Difference[];
  readonly accounts: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

type Difference = FigureDifference & { readonly accountId: string };

/** The types of a comparison; gives its type and how it is made. */
export function addDifferences({ builder }: ApiParts) {
  const figure = builder.enumType('AccountFigure', {
    description: `BALANCE and CASH_HELD are of cash, QUANTITY and SHARES_HELD of shares.`,
    values: figures,
  });
  const difference = builder.objectRef<Difference>('TrialBalanceDifference').implement({
    description: 'A figure of an account that is not what the recorded entries add up to.',
    fields: (t) => ({
      accountId: t.exposeID('accountId'),
      figure: t.expose('figure', { type: figure }),
      symbol: t.exposeString('symbol', {
        nullable: true,
        description: 'The instrument; null for cash.',
      }),
      ledger: t.expose('ledger', {
        type: 'Decimal',
        description: 'What the events of the account add up to.',
      }),
      shown: t.expose('shown', {
        type: 'Decimal',
        nullable: true,
        description: 'What the account or its position shows; null when there is none.',
      }),
    }),
  });
  return builder.objectRef<Comparison>('TrialBalanceDifferenceConnection').implement({
    description: `Accounts compared with the log. A page has the differences of as many accounts, so
      it may be empty before the last one.`.replace(/\s+/g, ' '),
    fields: (t) => ({
      nodes: t.field({ type: [difference], resolve: ({ nodes }) => [...nodes] }),
      accounts: t.exposeInt('accounts', { description: 'The number of accounts compared.' }),
      pageInfo: t.field({ type: builder.pageInfoRef(), resolve: ({ pageInfo }) => pageInfo }),
    }),
  });
}

/** More are left for the next page: the database reads each event of the accounts compared. */
const eventsMax = 50_000;
/** As many accounts are read from the views at once. */
const readsMax = 4;

/** Compares a page of accounts, as they are at a sequence, with what their events add up to. */
export async function compareAccounts(
  context: RequestContext,
  args: Pick<PagingArgs, 'first' | 'after'>,
  at: number,
): Promise<Comparison> {
  const { after, size } = parsePage({ ...args, last: null, before: null }, parseSequence);
  const page = { after: after ?? 0, before: at + 1, limit: size + 1, descending: false };
  const opened = await context.events({ types: ['AccountOpened'] }, page);
  const streamIds = opened.slice(0, size).map(({ streamId }) => streamId);
  const request = { streamIds, at, members: amountMembers, by: 'symbol', eventsMax };
  const summed = await context.engine.log.totals(request).catch((error: unknown) => {
    throw toApiError(error);
  });
  const nodes: Difference[] = [];
  for (let start = 0; start < summed.length; start += readsMax) {
    const some = summed.slice(start, start + readsMax);
    const found = await Promise.all(
      some.map(({ streamId, sums }) =>
        compareAccount(context, entityIdOf(streamId), figuresOf(sums), at),
      ),
    );
    nodes.push(...found.flat());
  }
  return { nodes, accounts: summed.length, pageInfo: toPageInfo(opened, summed.length, after) };
}

function toPageInfo(
  opened: readonly { readonly sequence: number }[],
  compared: number,
  after: number | null,
): Comparison['pageInfo'] {
  const cursorOf = (index: number): string | null => {
    const event = opened[index];
    return event === undefined ? null : String(event.sequence);
  };
  return {
    hasNextPage: opened.length > compared,
    hasPreviousPage: after !== null && after > 0,
    startCursor: compared === 0 ? null : cursorOf(0),
    endCursor: cursorOf(compared - 1),
  };
}

function parseSequence(text: string): number | null {
  const sequence = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(sequence) ? sequence : null;
}

async function compareAccount(
  context: RequestContext,
  accountId: string,
  ledger: readonly AccountFigure[],
  at: number,
): Promise<readonly Difference[]> {
  const positions = { view: positionsView, list: 'ACCOUNT', prefix: `${accountId} ` };
  const [account, held] = await Promise.all([
    context.document(accountsView, accountId, at),
    readWholeList(context.views, positions, at),
  ]);
  const shown: AccountFigure[] = held.flatMap(figuresShown);
  if (account === null) {
    const cash = ledger.find(({ figure }) => figure === 'BALANCE')?.amount ?? '0';
    const missing = { figure: 'BALANCE', symbol: null, ledger: cash, shown: null } as const;
    const others = compareFigures(ledger, [...shown, { ...missing, amount: cash }]);
    return [missing, ...others].map((each) => ({ ...each, accountId }));
  }
  const { balance, held: reserved } = account.document;
  shown.push({ figure: 'BALANCE', symbol: null, amount: balance });
  shown.push({ figure: 'CASH_HELD', symbol: null, amount: reserved });
  return compareFigures(ledger, shown).map((each) => ({ ...each, accountId }));
}

/** Null: it is in the list, and its document is gone, which no program does. */
function figuresShown(position: Position | null): AccountFigure[] {
  if (position === null) return [];
  const { symbol, quantity, held } = position;
  return [
    { figure: 'QUANTITY', symbol, amount: quantity },
    { figure: 'SHARES_HELD', symbol, amount: held },
  ];
}
