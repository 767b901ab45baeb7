import type { ApiParts } from '../../../api/api-parts.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { isZero } from '../../../lib/decimal.ts';
import { type LedgerAccount, ledgerAccounts } from '../views/postings.ts';
import { type AssetBalance, trialBalanceView } from '../views/trial-balance.ts';
import { addDifferences, compareAccounts } from './differences.ts';
import { total } from './read.ts';

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

const accountsDescription = 'How many accounts to compare; fewer are if these have many events.';

/** Query.trialBalance. */
export function addTrialBalance(parts: ApiParts): void {
  const { builder } = parts;
  const account = builder.enumType('LedgerAccount', {
    description: `CUSTOMERS: what accounts have. EXTERNAL: what came from outside, negative. FEES:
      earned from trades. INTEREST: given, negative. ROUNDING: what rounding the cash of orders
      to minor units has left to the house, never negative. TRANSIT: cash between the two halves of a
      transfer.`.replace(/\s+/g, ' '),
    values: ledgerAccounts,
  });
  const kind = builder.enumType('AssetKind', { values: ['CASH', 'SHARES'] as const });
  const entry = builder.objectRef<Entry>('TrialBalanceEntry').implement({
    description: 'What an account of the ledger has of an asset.',
    fields: (t) => ({
      account: t.expose('account', { type: account }),
      kind: t.expose('kind', { type: kind }),
      asset: t.exposeString('asset', {
        description: 'A currency, or the symbol of an instrument.',
      }),
      balance: t.expose('balance', { type: 'Decimal' }),
    }),
  });
  const asset = builder.objectRef<AssetBalance>('TrialBalanceAsset').implement({
    description: 'The accounts of the ledger in one asset.',
    fields: (t) => ({
      kind: t.expose('kind', { type: kind }),
      asset: t.exposeString('asset'),
      entries: t.field({ type: [entry], resolve: (source) => [...entriesOf(source)] }),
      total: t.field({
        type: 'Decimal',
        description: 'The sum of the entries: always zero.',
        resolve: totalOf,
      }),
    }),
  });
  const comparison = addDifferences(parts);
  const balance = builder.objectRef<TrialBalance>('TrialBalance').implement({
    description: 'The double entries of all events, summed: the proof that nothing is lost.',
    fields: (t) => ({
      assets: t.field({ type: [asset], resolve: ({ assets }) => [...assets] }),
      entries: t.field({
        type: [entry],
        description: 'Of all assets.',
        resolve: ({ assets }) => assets.flatMap(entriesOf),
      }),
      isBalanced: t.boolean({
        description:
          'Whether the entries of each asset sum to zero. It compares no account: see differences.',
        resolve: ({ assets }) => assets.every((each) => isZero(totalOf(each))),
      }),
      differences: t.field({
        type: comparison,
        description:
          `What the accounts and positions show and the entries of the log do not add up to;
          read page by page to compare all accounts.`.replace(/\s+/g, ' '),
        args: { first: t.arg.int({ description: accountsDescription }), after: t.arg.string() },
        resolve: ({ sequence }, args, context) => compareAccounts(context, args, sequence),
      }),
      sequence: t.expose('sequence', { type: 'Sequence', description: 'As of which it is so.' }),
    }),
  });
  builder.queryField('trialBalance', (t) =>
    t.field({
      type: balance,
      args: { asOf: t.arg({ type: 'Moment' }) },
      resolve: async (_root, { asOf }, context) => {
        const at = await context.sequenceOf(asOf);
        const list = { view: trialBalanceView, list: 'ASSET' };
        return { assets: await readWholeList(context.views, list, at), sequence: at };
      },
    }),
  );
}

function entriesOf({ kind, asset, balances }: AssetBalance): readonly Entry[] {
  return ledgerAccounts
    .map((account) => ({ account, kind, asset, balance: balances[account] }))
    .filter(({ balance }) => !isZero(balance));
}

function totalOf({ balances }: AssetBalance): string {
  return total(Object.values(balances));
}
