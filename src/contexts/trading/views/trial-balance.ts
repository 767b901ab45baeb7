import type { View } from '../../../kernel/view.ts';
import { isZero, sum } from '../../../lib/decimal.ts';
import { type Asset, type LedgerAccount, postingsOf, postingTypes } from './postings.ts';

/** The balances of one asset in all accounts of the ledger. */
export type AssetBalance = {
  readonly kind: Asset['kind'];
  readonly asset: string;
  readonly balances: Readonly<Record<LedgerAccount, string>>;
};

const zero: Readonly<Record<LedgerAccount, string>> = {
  CUSTOMERS: '0',
  EXTERNAL: '0',
  FEES: '0',
  INTEREST: '0',
  ROUNDING: '0',
  TRANSIT: '0',
};

/** The ledger, by asset. For each asset, its accounts always sum to zero. */
export const trialBalanceView: View<AssetBalance> = {
  name: 'trial-balance',
  version: 3,
  description: 'The double entries of all events, summed by asset and ledger account.',
  types: postingTypes,
  keysOf: (event) => [...new Set(postingsOf(event).map(({ asset }) => toKey(asset)))],
  evolve(before, event, key) {
    const postings = postingsOf(event).filter(({ asset }) => toKey(asset) === key);
    const change: Record<LedgerAccount, string> = { ...zero };
    for (const { account, amount } of postings) change[account] = sum(change[account], amount);
    if (before !== undefined && Object.values(change).every(isZero)) return before;
    const balances = before?.balances ?? zero;
    const [first] = postings;
    if (first === undefined) return before;
    return {
      kind: first.asset.kind,
      asset: first.asset.name,
      balances: {
        CUSTOMERS: sum(balances.CUSTOMERS, change.CUSTOMERS),
        EXTERNAL: sum(balances.EXTERNAL, change.EXTERNAL),
        FEES: sum(balances.FEES, change.FEES),
        INTEREST: sum(balances.INTEREST, change.INTEREST),
        ROUNDING: sum(balances.ROUNDING, change.ROUNDING),
        TRANSIT: sum(balances.TRANSIT, change.TRANSIT),
      },
    };
  },
  lists: { ASSET: { position: ({ kind, asset }) => `${kind} ${asset}` } },
};

function toKey({ kind, name }: Asset): string {
  return `${kind} ${name}`;
}
