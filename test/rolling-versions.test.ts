import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, expect, inject, test } from 'vitest';
import { accountDecider } from '../src/contexts/accounts/account.ts';
import { bookDecider } from '../src/contexts/trading/matching/book.ts';
import { orderDecider } from '../src/contexts/trading/order.ts';
import type { Decider } from '../src/kernel/decider.ts';
import { createLog } from '../src/log/log.ts';
import { createDatabase, type Database } from '../src/postgres/database.ts';
import { definitions } from './support/event-examples.ts';
import { olderReleaseCommit } from './support/older-release.ts';
import { runStatement, toDatabaseUrl } from './support/postgres.ts';
import { buildPreviousRelease, previousReleaseFault } from './support/previous-release.ts';
import { type Program, startProgram } from './support/program.ts';
import { sql } from './support/rows.ts';
import { silentLogger } from './support/silent-logger.ts';
import { until } from './support/until.ts';
import { type Stage, sendTo, setStage } from './support/upgrade-load.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const commit = olderReleaseCommit();
const fault = previousReleaseFault(commit);
const title = `the release before, ${commit.slice(0, 7)}, stops at events that have evolved since`;
/** More than one command processes, and more than the events between two snapshots. */
const many = 510;

async function createEmptyDatabase(): Promise<string> {
  const { url } = inject('postgres');
  const name = `daybook_rolling_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(url, `create database ${name}`);
  undo.push(() => runStatement(url, `drop database ${name} with (force)`));
  return toDatabaseUrl(url, name);
}

async function start(url: string, built?: string): Promise<Program> {
  const program = await startProgram({ DATABASE_URL: url, LOG_LEVEL: 'error' }, ['serve'], built);
  undo.push(() => program.end('SIGKILL'));
  return program;
}

/** Sends a mutation; returns the type of its answer, or the code and the message of its error. */
async function say(program: Program, mutation: string): Promise<string> {
  const query = `mutation { answer: ${mutation} { __typename } }`;
  const { data, errors = [] } = await sendTo(program.url, query);
  const [error] = errors;
  if (error === undefined) return String(data?.['answer']?.['__typename']);
  return `${(error.extensions as { code?: string } | undefined)?.code}: ${error.message}`;
}

async function sayMany(program: Program, mutation: (index: number) => string): Promise<void> {
  for (let done = 0; done < many; done += 30) {
    const some = Array.from({ length: 30 }, (_, index) => say(program, mutation(done + index)));
    expect(new Set(await Promise.all(some)).size).toBe(1);
  }
}

const deposit = (id: string | undefined) =>
  `depositCash(input: { accountId: "${id}", amount: "1.00" })`;

async function reasonsOf({ url }: Program): Promise<readonly string[]> {
  const response = await fetch(`${url}/health/ready`);
  const { reasons = [] } = (await response.json()) as { readonly reasons?: readonly string[] };
  expect(response.status).toBe(reasons.length === 0 ? 200 : 503);
  return reasons;
}

async function answersOf({ url }: Program, { accountIds, symbol }: Stage, asOf?: string) {
  const at = asOf === undefined ? '' : `, asOf: "${asOf}"`;
  const accounts = accountIds.map(
    (id, index) => `a${index}: account(id: "${id}"${at}) { balance held version
      portfolio { cash equity realizedPnl positions { quantity averageCost } } }`,
  );
  const market = `instrument(symbol: "${symbol}"${at}) { lastPrice
    orderBook { bids { price quantity } asks { price quantity } } }`;
  return sendTo(url, `{ ${accounts.join('\n')} ${market} }`);
}

/** Every snapshot, from whichever release, is what this release folds. */
async function assertSnapshots(database: Database): Promise<number> {
  const log = createLog(database, definitions);
  const rows = await sql<{
    stream_id: string;
    decider_version: number;
    version: number;
    state: object;
  }>(database, 'select stream_id, decider_version, version, state from stream_snapshots');
  const deciders = [accountDecider, bookDecider, orderDecider] as unknown as readonly Decider[];
  for (const { stream_id: streamId, decider_version, version, state } of rows) {
    const decider = deciders.find(({ category }) => streamId.startsWith(`${category}-`));
    expect(decider?.version).toBe(decider_version);
    const events = await log.events({ streamId }, { limit: version });
    const fold = (before: unknown, event: object) => decider?.evolve(before, event as never);
    const folded = events.reduce(fold, decider?.initial);
    expect(JSON.parse(JSON.stringify(folded))).toEqual(state);
  }
  return rows.length;
}

test.skipIf(fault !== null)(
  fault === null ? title : `${title} (skipped: ${fault})`,
  async () => {
    const release = buildPreviousRelease(commit);
    undo.push(release.dispose);
    const url = await createEmptyDatabase();
    const database = createDatabase({ url, applicationName: 'test', log: silentLogger });
    undo.push(() => database.stop());
    const old = await start(url, release.directory);
    const stage = await setStage(old.url);
    const [first, second, third] = stage.accountIds;
    const { symbol } = stage;
    await sayMany(old, () => deposit(first));
    const bid = `accountId: "${third}", symbol: "${symbol}", side: BUY, quantity: "1"`;
    const limit = `${bid}, type: LIMIT, timeInForce: GTC, limitPrice: "1.00"`;
    expect(await say(old, `placeOrder(input: { ${limit} })`)).toBe('PlaceOrderPayload');
    let current = await start(url);
    expect(await say(old, deposit(first))).toBe('DepositCashPayload');
    expect(await say(current, deposit(first))).toBe('DepositCashPayload');
    expect(await reasonsOf(old)).toEqual([]);

    // An event with a renamed field: what concerns its stream stops in the old server.
    const shares = `accountId: "${first}", symbol: "${symbol}", quantity: "3", costPrice: "0.333"`;
    expect(await say(current, `depositShares(input: { ${shares} })`)).toBe('DepositSharesPayload');
    await until(async () => (await reasonsOf(old)).length > 0, 20_000);
    const [reason] = await reasonsOf(old);
    expect(reason).toMatch(
      /version 4 of SharesDeposited, event \d+; it knows version 3: upgrade it/,
    );
    expect(await say(old, deposit(first))).toBe(`UPGRADE_NEEDED: ${reason}`);
    expect(await say(old, deposit(second))).toBe('DepositCashPayload');

    // An event of a type that was split off: the book stops there, too.
    const poor = randomUUID();
    const opened = `accountId: "${poor}", owner: "Poor", currency: "USD"`;
    await say(current, `openAccount(input: { ${opened} })`);
    const order = `accountId: "${poor}", symbol: "${symbol}", side: BUY, quantity: "1"`;
    const stop = `${order}, type: STOP, timeInForce: GTC, stopPrice: "50.00"`;
    await sayMany(current, () => `placeOrder(input: { ${stop} })`);
    const priced = `recordPrice(input: { symbol: "${symbol}", price: "60.00" })`;
    expect(await say(current, priced)).toBe('RecordPricePayload');
    const types = 'filter: { types: [StopsReachedByPrice] }';
    const split = await sendTo(current.url, `{ events(first: 9, ${types}) { nodes { type } } }`);
    expect(split.data?.['events']?.['nodes']).toHaveLength(1);
    expect(await say(old, `placeOrder(input: { ${limit} })`)).toMatch(
      /^UPGRADE_NEEDED: .* the type StopsReachedByPrice of event \d+: upgrade it$/,
    );
    const said = await answersOf(current, stage);
    expect(said.errors).toBeUndefined();

    // Without the new server, nothing is folded past these events; with it, nothing is missing.
    await current.end('SIGKILL');
    expect(await say(old, deposit(second))).toBe('DepositCashPayload');
    const [last] = await sql<{ sequence: number }>(database, 'select sequence from log_head');
    const head = String(last?.sequence);
    const ahead = await answersOf(old, stage, head);
    expect(JSON.stringify(ahead.errors)).toMatch(/UPGRADE_NEEDED|SEQUENCE_NOT_REACHED/);
    expect(await reasonsOf(old)).toContain(reason);
    current = await start(url);
    await until(async () => (await answersOf(current, stage, head)).errors === undefined, 20_000);
    const after = await answersOf(current, stage, head);
    expect(after.data?.['a1']?.['balance']).toBe('1000002.00');
    expect(after.data?.['a0']).toEqual(said.data?.['a0']);
    expect(after.data?.['a0']?.['balance']).toBe(`${1_000_000 + many + 2}.00`);
    expect(after.data?.['instrument']).toEqual(said.data?.['instrument']);

    // A release that restarts may use a snapshot of the other one: the same version of a decider
    // says that the state is the same.
    const later = `select from stream_snapshots where stream_id = 'book-${symbol}' and version >=
      (select max(version) from events where type = 'StopsReachedByPrice')`;
    await until(async () => (await sql(database, later)).length > 0);
    const restarted = await start(url, release.directory);
    expect(await say(restarted, deposit(second))).toBe('DepositCashPayload');
    expect(await say(restarted, deposit(first))).toBe(`UPGRADE_NEEDED: ${reason}`);
    expect(await say(restarted, `placeOrder(input: { ${limit} })`)).toBe('PlaceOrderPayload');
    const bids = async () => {
      const { data } = await answersOf(current, stage);
      return JSON.stringify(data?.['instrument']?.['orderBook']);
    };
    await until(async () => (await bids()).includes('"quantity":"2"'), 20_000);
    expect(old.process.exitCode).toBeNull();
    expect(await assertSnapshots(database)).toBeGreaterThan(1);
  },
  240_000,
);
