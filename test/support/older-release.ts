import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Recorded } from './every-event.ts';
import { sendTo } from './upgrade-load.ts';

/**
 * The tables of a log as the release before the present one left them, and what it answered about
 * them. `make.ts` beside the files has made them.
 */
export interface OlderRelease {
  readonly recorded: Recorded;
  /** The rows of each table as PostgreSQL writes them as JSON, in the order in which to insert. */
  readonly tables: Readonly<Record<string, readonly StoredRow[]>>;
  /** What `askAt` returned at each of these sequences. */
  readonly answers: Readonly<Record<string, object>>;
  /** What `askRecords` returned. */
  readonly records: object;
  /** What `repeatDeposit` returned. */
  readonly repeated: object;
}

export type StoredRow = Readonly<Record<string, unknown>>;

/** The tables that are kept. Views are built again; leases and timers mean nothing later. */
export const keptTables = [
  'personal_keys',
  'ledger_keys',
  'events',
  'append_batches',
  'command_outcomes',
  'command_batches',
  'command_terms',
  'stream_snapshots',
  'log_head',
] as const;

const folder = path.resolve(import.meta.dirname, '../fixtures/older-release');

export const olderReleaseFile = path.join(folder, 'log.json.br');

/** The commit of the release that has made the fixture. */
export function olderReleaseCommit(): string {
  return readFileSync(path.join(folder, 'commit.txt'), 'utf8').trim();
}

export function readOlderRelease(): OlderRelease {
  return JSON.parse(brotliDecompressSync(readFileSync(olderReleaseFile)).toString());
}

/** A time of PostgreSQL's JSON as the API writes it. */
export function toApiTime(time: unknown): string {
  const [seconds = '', fraction = ''] = String(time).replace('+00:00', '').split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}

const accountFields = `accountId owner currency balance held available status version sequence
  openedAt updatedAt grants { actor access grantedBy grantedAt }
  holder { personId name email erasedAt }
  portfolio { cash marketValue equity unrealizedPnl realizedPnl positions {
    symbol quantity held averageCost marketPrice marketValue unrealizedPnl realizedPnl } }
  orders(last: 30) { nodes { orderId clientOrderId side type timeInForce quantity limitPrice
    stopPrice filledQuantity leavesQuantity averagePrice status placedAt updatedAt sequence
    reason } }`;

const marketFields = `tradingStatus lastPrice lastPriceAt
  orderBook(depth: 20) { bids { price quantity orders } asks { price quantity orders } }
  candles(interval: DAY, from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z") {
    open high low close volume trades }`;

/** Everything that the views of a server answer as of a sequence. */
export async function askAt(url: string, recorded: Recorded, asOf: string): Promise<object> {
  const { symbol, accountIds } = recorded;
  const accounts = accountIds.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { ${accountFields} }`,
  );
  const market = `instrument(symbol: "${symbol}", asOf: $asOf) { ${marketFields} }
    trades(symbol: "${symbol}", first: 50, asOf: $asOf) { nodes {
      tradeId price quantity aggressor executedAt sequence
      buyOrder { orderId } sellOrder { orderId } } }
    trialBalance(asOf: $asOf) { isBalanced assets { asset total } }`;
  const parts = [...accounts, market];
  // One operation for each part: together they are more than one operation may cost.
  const answers = [];
  for (const part of parts)
    answers.push(await ask(url, `query Q($asOf: Moment!) { ${part} }`, asOf));
  return Object.assign({}, ...answers);
}

async function ask(url: string, query: string, asOf: string): Promise<object> {
  const { data, errors } = await sendTo(url, query, { asOf });
  if (errors !== undefined || data == null) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data;
}

/** The first and the last command records. */
export async function askRecords(url: string): Promise<object> {
  const fields = `nodes { id name actor roles input outcome code message sequence recordedAt
    idempotencyKey correlationId causationId transport events { eventId } }`;
  const query = `{ first: commands(first: 40) { ${fields} } last: commands(last: 40) { ${fields} } }`;
  const { data, errors } = await sendTo(url, query);
  if (errors !== undefined || data == null) throw new Error(JSON.stringify(errors));
  return data;
}

/** Sends a command again that has an outcome under its key. */
export async function repeatDeposit(url: string, { accountIds }: Recorded): Promise<object> {
  const input = `accountId: "${accountIds[0]}", amount: "0.01"`;
  const query = `mutation { depositCash(input: { ${input}, idempotencyKey: "the last deposit" }) {
    __typename ... on DepositCashPayload { sequence replayed events { eventId data }
      account { balance held version sequence } } } }`;
  const { data, errors } = await sendTo(url, query);
  if (errors !== undefined || data == null) throw new Error(JSON.stringify(errors));
  return data;
}
