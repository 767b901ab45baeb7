import fc from 'fast-check';
import type { StoredEvent } from '../../src/kernel/event.ts';
import type { View } from '../../src/kernel/view.ts';
import { toSortableDecimal } from '../../src/lib/decimal.ts';
import type { ListedDocument, ListPage } from '../../src/views/read.ts';

/** A document of a test view: what notes say about a key. */
export type Wallet = {
  readonly key: string;
  readonly owner: string;
  readonly sum: number;
};

/** The data of an event of type Noted: the keys, and what it says about them. */
export type Note = {
  readonly keys: readonly string[];
  readonly amount: number;
  readonly owner?: string;
  readonly isGone?: boolean;
};

/** Sums by key. A wallet with the sum 3 is in no list by sum; a removed wallet can return. */
export const walletsView: View<Wallet> = {
  name: 'wallets',
  version: 1,
  description: 'Sums of notes.',
  types: ['Noted'],
  keysOf: (event) => (event.data as Note).keys,
  evolve(wallet, event, key) {
    const { amount, owner = wallet?.owner ?? 'nobody', isGone = false } = event.data as Note;
    if (isGone) return undefined;
    if (wallet !== undefined && amount === 0 && owner === wallet.owner) return wallet;
    return { key, owner, sum: (wallet?.sum ?? 0) + amount };
  },
  lists: {
    SUM: {
      position: ({ sum }) => (sum === 3 ? null : toSortableDecimal(String(sum))),
      filters: { owner: ({ owner }) => owner, sign: ({ sum }) => (sum < 0 ? '-' : '+') },
    },
    OWNER: { position: ({ owner }) => owner },
    FACTOR: {
      position: ({ owner }) => owner,
      filters: { factor: factorsOf, sign: ({ sum }) => (sum < 0 ? '-' : '+') },
    },
  },
};

/** None, one or several texts, which change often and in any order. */
function factorsOf({ sum, owner }: Wallet): readonly string[] {
  const factors = ['2', '3', '5'].filter((factor) => sum % Number(factor) === 0);
  return owner < 'b' ? factors : factors.reverse();
}

export const walletFactors = ['2', '3', '5', '7'];

export const walletKeys = ['a', 'B', 'ab', 'é', 'z z', '\u{1f600}', '\uffee', "a'b", 'a"\\b'];
export const walletOwners = ['ann', 'Bob', 'o=1', 'é', 'nobody'];

export const notes: fc.Arbitrary<Note> = fc.record(
  {
    keys: fc.uniqueArray(fc.constantFrom(...walletKeys), { maxLength: 3 }),
    amount: fc.integer({ min: -3, max: 3 }),
    owner: fc.constantFrom(...walletOwners),
    isGone: fc.constantFrom(true, false, false, false, false),
  },
  { requiredKeys: ['keys', 'amount'] },
);

/** A wallet from a plain fold, and the sequence of the event that changed it last. */
export interface FoldedWallet {
  readonly key: string;
  readonly document: Wallet;
  readonly sequence: number;
}

/** The wallets at a sequence, folded from all events. */
export function foldWallets(events: readonly StoredEvent[], at: number): readonly FoldedWallet[] {
  const wallets = new Map<string, FoldedWallet>();
  for (const event of events) {
    if (event.sequence > at || event.type !== 'Noted') continue;
    for (const key of (event.data as Note).keys) {
      const before = wallets.get(key)?.document;
      const document = walletsView.evolve(before, event, key);
      if (document === undefined) wallets.delete(key);
      else if (document !== before) wallets.set(key, { key, document, sequence: event.sequence });
    }
  }
  return [...wallets.values()];
}

/** A page of a list of wallets, computed by filtering and sorting all of them. */
export function listWallets(
  wallets: readonly FoldedWallet[],
  page: ListPage,
): readonly ListedDocument[] {
  const list = walletsView.lists?.[page.list];
  const listed = wallets.flatMap((wallet) => {
    const position = list?.position(wallet.document, wallet.key) ?? null;
    const isOther = Object.entries(page.filter ?? {}).some(
      ([name, value]) => ![list?.filters?.[name]?.(wallet.document)].flat().includes(value),
    );
    return position === null || isOther ? [] : [{ ...wallet, position }];
  });
  listed.sort(compareListPositions);
  const between = listed.filter(
    (wallet) =>
      (page.after == null || compareListPositions(wallet, page.after) > 0) &&
      (page.before == null || compareListPositions(wallet, page.before) < 0),
  );
  return (page.descending ? between.reverse() : between).slice(0, page.limit);
}

interface InOrder {
  readonly position: string;
  readonly key: string;
}

function compareListPositions(a: InOrder, b: InOrder): number {
  return compareBytes(a.position, b.position) || compareBytes(a.key, b.key);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
