import { createHash } from 'node:crypto';
import { stocks } from './stocks.ts';

/** A simulated trader. Its account does not depend on the seed, only its orders do. */
export interface Trader {
  readonly accountId: string;
  readonly owner: string;
  /** The initial cash of the account, in dollars. */
  readonly cash: number;
  /** The value of its initial shares of each of its stocks, in dollars. */
  readonly stake: number;
  readonly symbols: readonly string[];
}

/** A trader that quotes both sides of its stocks and earns the spread. */
export interface Maker extends Trader {
  /** The distance from the fair value to the first level, in basis points. */
  readonly halfSpreadBps: number;
  readonly levels: number;
}

/** The first account in a log of the demo, by which such a log is recognized. */
export const founder = { accountId: toAccountId('founder'), owner: 'Daybook demo' };

const makerNames = [
  ...['Harbour Securities', 'Kestrel Markets', 'Lindqvist & Sons', 'Mole Street Trading'],
  ...['North Quay Partners', 'Orchard Liquidity', 'Pell Brothers', 'Quill Capital'],
  ...['Rook Lane Markets', 'Stillwater'],
];
const takerNames = [
  ...['Ada', 'Bertrand', 'Chiara', 'Dmitri', 'Edith', 'Farid', 'Grace', 'Hiroshi', 'Ines'],
  ...['Jomo', 'Katya', 'Luca', 'Mira', 'Nils', 'Olga', 'Pablo', 'Quentin', 'Rosa', 'Sven'],
  ...['Tala', 'Umberto', 'Vera', 'Wanda', 'Yusuf'],
];

/** Each maker has two stocks, so that every book has four makers. */
export const makers: readonly Maker[] = makerNames.map((owner, index) => ({
  accountId: toAccountId(owner),
  owner,
  cash: 5_000_000,
  stake: 1_000_000,
  symbols: [index, index + 1 + (index % 2)].map((stock) => symbolAt(stock)),
  halfSpreadBps: 4 + 2 * (index % 4),
  levels: 3,
}));

export const takers: readonly Trader[] = takerNames.map((name, index) => ({
  accountId: toAccountId(name),
  owner: `${name} (demo)`,
  cash: 50_000 + 25_000 * (index % 8),
  stake: 20_000 + 10_000 * (index % 5),
  symbols: stocks.map(({ symbol }) => symbol),
}));

function symbolAt(index: number): string {
  return stocks[index % stocks.length]?.symbol ?? '';
}

/** Derives an account id from a name: a UUID of version 8, which is for custom hashes. */
function toAccountId(name: string): string {
  const hash = createHash('sha256').update(`daybook demo ${name}`).digest('hex');
  const parts = /^(.{8})(.{4})(.{3})(.{3})(.{12})/.exec(hash) ?? [];
  return `${parts[1]}-${parts[2]}-8${parts[3]}-a${parts[4]}-${parts[5]}`;
}
