import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { pageSizeDefault, pageSizeMax } from '../../../api/paging.ts';
import { access } from '../../../api/root-access.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { isZero } from '../../../lib/decimal.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { baseSequenceOf } from '../../../views/read-point.ts';
import { type LedgerAccount, ledgerAccounts } from '../views/postings.ts';
import { type AssetBalance, trialBalanceView } from '../views/trial-balance.ts';
import { addDifferences, compareAccounts } from './differences.ts';
import { total } from './read.ts';

const assetDescription =
  'The asset: the ISO 4217 code of a currency, or the symbol of an instrument.';

/** The accounts of the ledger, each with its description in the API. */
const ledgerDescriptions = {
  CUSTOMERS: { description: 'The cash and shares in the accounts of customers.' },
  EXTERNAL: {
    description: 'The cash and shares that left the system less those that entered it.',
  },
  FEES: { description: 'The fees earned from trades.' },
  INTEREST: { description: 'The interest credited to customers. It is negative or zero.' },
  ROUNDING: {
    description: oneLine`The cash that the house gained by rounding the cash of orders to minor
      units. It is never negative.`,
  },
  TRANSIT: { description: 'The cash between the two halves of a transfer.' },
} satisfies Record<LedgerAccount, { readonly description: string }>;

interface Entry {
  readonly account: LedgerAccount;
  readonly kind: 'CASH' | 'SHARES';
  readonly asset: string;
  readonly balance: string;
}

interface TrialBalance {
  readonly assets: readonly AssetBalance[];
  readonly sequence: number;
}

const firstDescription = oneLine`The maximum number of accounts to compare: 0 to ${pageSizeMax}. If
  omitted, ${pageSizeDefault}. A page has fewer accounts if they have many events.`;

/** Adds Query.trialBalance. */
export function addTrialBalance(parts: ApiParts): void {
  const { builder } = parts;
  const balance = addBalanceType(parts);
  builder.queryField('trialBalance', (t) =>
    t.field({
      extensions: access('LOG'),
      type: balance,
      nullable: true,
      description: 'Returns the trial balance of the ledger, as of a moment.',
      args: { asOf: t.arg({ type: 'Moment', description: asOfDescription }) },
      resolve: async (_root, { asOf }, context) => {
        const at = await context.readPointOf(asOf);
        const list = { view: trialBalanceView, list: 'ASSET' };
        return {
          assets: await readWholeList(context.views, list, at),
          sequence: baseSequenceOf(at),
        };
      },
    }),
  );
}

function addBalanceType(parts: ApiParts) {
  const { builder } = parts;
  const { asset, entry } = addAssetTypes(parts);
  const comparison = addDifferences(parts);
  return builder.objectRef<TrialBalance>('TrialBalance').implement({
    description: oneLine`The sums of the double entries of all events, by asset and account of the
      ledger. They prove that nothing was created or lost.`,
    fields: (t) => ({
      assets: t.field({
        type: [asset],
        description: 'The balances, grouped by asset.',
        resolve: ({ assets }) => [...assets],
      }),
      entries: t.field({
        type: [entry],
        description: 'The balances of all assets in one list.',
        resolve: ({ assets }) => assets.flatMap(entriesOf),
      }),
      isBalanced: t.boolean({
        description: oneLine`Whether the entries of each asset sum to zero. To compare the figures
          that accounts and positions show with the log, use the field differences.`,
        resolve: ({ assets }) => assets.every((each) => isZero(totalOf(each))),
      }),
      differences: t.field({
        type: comparison,
        description: oneLine`The differences between the figures that accounts and positions show
          and the sums of the events in the log. Each page compares some accounts: to compare all of
          them, read until pageInfo.hasNextPage is false.`,
        args: {
          first: t.arg.int({ description: firstDescription }),
          after: t.arg.string({
            description:
              'The endCursor of the previous page. If omitted, the first accounts are compared.',
          }),
        },
        resolve: ({ sequence }, args, context) => compareAccounts(context, args, sequence),
      }),
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: 'The sequence number at which this state was read.',
      }),
    }),
  });
}

function addAssetTypes({ builder }: ApiParts) {
  const account = builder.enumType('LedgerAccount', {
    description: 'An account of the ledger.',
    values: ledgerDescriptions,
  });
  const kind = builder.enumType('AssetKind', {
    description: 'The kind of an asset.',
    values: {
      CASH: { description: 'Cash in one currency.' },
      SHARES: { description: 'Shares of one instrument.' },
    },
  });
  const entry = builder.objectRef<Entry>('TrialBalanceEntry').implement({
    description: 'The balance of one asset in one account of the ledger.',
    fields: (t) => ({
      account: t.expose('account', { type: account, description: 'The account of the ledger.' }),
      kind: t.expose('kind', { type: kind, description: 'The kind of the asset.' }),
      asset: t.exposeString('asset', { description: assetDescription }),
      balance: t.expose('balance', {
        type: 'Decimal',
        description:
          'The balance: an amount in the currency, or a number of shares. It may be negative.',
      }),
    }),
  });
  const asset = builder.objectRef<AssetBalance>('TrialBalanceAsset').implement({
    description: 'The balances of one asset in all accounts of the ledger.',
    fields: (t) => ({
      kind: t.expose('kind', { type: kind, description: 'The kind of the asset.' }),
      asset: t.exposeString('asset', { description: assetDescription }),
      entries: t.field({
        type: [entry],
        description:
          'The balances of the asset that are not zero, one for each account of the ledger.',
        resolve: (source) => [...entriesOf(source)],
      }),
      total: t.field({
        type: 'Decimal',
        description: 'The sum of the entries, in the currency or in shares. It is always zero.',
        resolve: totalOf,
      }),
    }),
  });
  return { asset, entry };
}

function entriesOf({ kind, asset, balances }: AssetBalance): readonly Entry[] {
  return ledgerAccounts
    .map((account) => ({ account, kind, asset, balance: balances[account] }))
    .filter(({ balance }) => !isZero(balance));
}

function totalOf({ balances }: AssetBalance): string {
  return total(Object.values(balances));
}
