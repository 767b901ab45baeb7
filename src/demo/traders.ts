import { createHash } from 'node:crypto';
import { stocks } from './stocks.ts';

/** Someone who trades. What they are and have does not depend on the seed, only what they do. */
export interface Trader {
  readonly accountId: string;
  readonly owner: string;
  /** What the account begins with, in dollars. */
  readonly cash: number;
  /** What it begins with of each of its stocks, in dollars. */
  readonly stake: number;
  readonly symbols: readonly string[];
}

/** Quotes both sides of its stocks, and earns what lies between. */
export interface Maker extends Trader {
  /** From the fair value to the first level, in basis points. */
  readonly halfSpreadBps: number;
  readonly levels: number;
}

/** The account with which a log of the demo begins, so that it can be told from all others. */
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

/** Two stocks each, so that four of them meet in every book. */
export const makers: readonly Maker[] = makerNames.map((owner, index) => ({
  accountId: toAccountId(owner),
  owner,
  cash: 5_000_000,
  stake: 1_000_000,
  symbols: [index, index + 1 + (index % 2)].map((place) => symbolAt(place)),
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

function symbolAt(place: number): string {
  return stocks[place % stocks.length]?.symbol ?? '';
}

/** Always the same for a name: a UUID of version 8, the one for hashes of one's own. */
function toAccountId(name: string): string {
  const hash = createHash('sha256').update(`daybook demo ${name}`).digest('hex');
  const parts = /^(.{8})(.{4})(.{3})(.{3})(.{12})/.exec(hash) ?? [];
  return `${parts[1]}-${parts[2]}-8${parts[3]}-a${parts[4]}-${parts[5]}`;
}
