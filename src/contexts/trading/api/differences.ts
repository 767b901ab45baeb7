import type { ApiParts } from '../../../api/api-parts.ts';
import { toApiError } from '../../../api/engine-errors.ts';
import { type PagingArgs, parsePage } from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { entityIdOf } from '../../../kernel/decider.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { accountsView } from '../../accounts/views.ts';
import {
  type AccountFigure,
  amountMembers,
  compareFigures,
  type Figure,
  type FigureDifference,
  figuresOf,
} from '../views/account-figures.ts';
import type { Position } from '../views/position.ts';
import { positionsView } from '../views/positions.ts';

/** The differences found in a page of accounts, which are in the order of their opening. */
interface Comparison {
  readonly nodes: readonly Difference[];
  readonly accounts: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** The figures, each with its description in the API. */
const figureDescriptions = {
  BALANCE: { description: 'The cash in the account, including reserved cash.' },
  CASH_HELD: { description: 'The part of the cash that is reserved for open orders.' },
  QUANTITY: { description: 'The number of shares of one instrument, including reserved shares.' },
  SHARES_HELD: {
    description: 'The number of shares of one instrument that are reserved for open orders.',
  },
} satisfies Record<Figure, { readonly description: string }>;

type Difference = FigureDifference & { readonly accountId: string };

/** Adds the types of a comparison and returns the type of its connection. */
export function addDifferences({ builder }: ApiParts) {
  const figure = builder.enumType('AccountFigure', {
    description: 'A figure of an account that is compared with the log.',
    values: figureDescriptions,
  });
  const difference = builder.objectRef<Difference>('TrialBalanceDifference').implement({
    description: 'A figure of an account that differs from the sum of the events of the account.',
    fields: (t) => ({
      accountId: t.exposeID('accountId', { description: 'The id of the account.' }),
      figure: t.expose('figure', { type: figure, description: 'The figure that differs.' }),
      symbol: t.exposeID('symbol', {
        nullable: true,
        description: 'The symbol of the instrument. Null for cash.',
      }),
      ledger: t.expose('ledger', {
        type: 'Decimal',
        description: oneLine`The figure that results from the events of the account: in the
          account's currency for cash, otherwise in shares.`,
      }),
      shown: t.expose('shown', {
        type: 'Decimal',
        nullable: true,
        description: oneLine`The figure that the account or its position shows, in the same unit
          as ledger. Null if there is no such account or position.`,
      }),
    }),
  });
  return builder.objectRef<Comparison>('TrialBalanceDifferencePage').implement({
    description: oneLine`The differences found in a page of accounts. Pages count accounts, not
      differences, so a page may be empty although later pages are not.`,
    fields: (t) => ({
      nodes: t.field({
        type: [difference],
        description: 'The differences, in the order in which the accounts were opened.',
        resolve: ({ nodes }) => [...nodes],
      }),
      accounts: t.exposeInt('accounts', {
        description: 'The number of accounts that were compared for this page.',
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: 'Whether there are more accounts, and the cursors of this page.',
        resolve: ({ pageInfo }) => pageInfo,
      }),
    }),
  });
}

/** Limits a page, because the database reads every event of the accounts that are compared. */
const eventsMax = 50_000;
/** The number of accounts that are read from the views at the same time. */
const readsMax = 4;

/** Compares a page of accounts, as of a sequence, with the sums of their events. */
export async function compareAccounts(
  context: RequestContext,
  args: Pick<PagingArgs, 'first' | 'after'>,
  at: number,
): Promise<Comparison> {
  const { after, size } = parsePage({ ...args, last: null, before: null }, parseSequence);
  const page = { after: after ?? 0, before: at + 1, limit: size + 1 };
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
    context.views.document(accountsView, accountId, at),
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

/** A null position would be a list entry without a document, which no program writes. */
function figuresShown(position: Position | null): AccountFigure[] {
  if (position === null) return [];
  const { symbol, quantity, held } = position;
  return [
    { figure: 'QUANTITY', symbol, amount: quantity },
    { figure: 'SHARES_HELD', symbol, amount: held },
  ];
}
