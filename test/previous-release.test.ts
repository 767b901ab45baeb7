import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, inject, test } from 'vitest';
import { subscribe } from './support/live.ts';
import { runStatement, toDatabaseUrl } from './support/postgres.ts';
import {
  buildPreviousRelease,
  previousCommit,
  previousReleaseFault,
} from './support/previous-release.ts';
import { type Program, runProgram, startProgram } from './support/program.ts';
import { until } from './support/until.ts';
import { type GraphQLAnswer, type Stage, sendTo, setStage, work } from './support/upgrade-load.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const fault = previousReleaseFault();
const title = `the previous release, ${previousCommit().slice(0, 7)}, and this one share a database`;
const phaseMs = 3_000;

async function createEmptyDatabase(): Promise<string> {
  const { url } = inject('postgres');
  const name = `daybook_upgrade_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(url, `create database ${name}`);
  undo.push(() => runStatement(url, `drop database ${name} with (force)`));
  return toDatabaseUrl(url, name);
}

async function start(url: string, built?: string): Promise<Program> {
  const program = await startProgram({ DATABASE_URL: url, LOG_LEVEL: 'error' }, ['serve'], built);
  undo.push(() => program.end('SIGKILL'));
  // A server listens after ten seconds even if its views are still being built, and then says so to
  // readers. A deployment sends it none before it is ready.
  await until(async () => (await fetch(`${program.url}/health/ready`)).ok, 60_000);
  return program;
}

/** Everything that the views of a server return, as of a sequence. */
async function allViewsOf(url: string, stage: Stage, asOf: string): Promise<GraphQLAnswer> {
  const accounts = stage.accountIds.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { balance held version
      portfolio { cash equity realizedPnl positions { quantity averageCost } }
      orders(first: 20) { nodes { side quantity status filledQuantity } } }`,
  );
  const market = `instrument(symbol: "${stage.symbol}", asOf: $asOf) { lastPrice
    orderBook { bids { price quantity } asks { price quantity } } }
    trialBalance(asOf: $asOf) { isBalanced assets { asset total } }`;
  return sendTo(url, `query Q($asOf: Moment!) { ${accounts.join('\n')} ${market} }`, { asOf });
}

async function headOf(url: string): Promise<string> {
  const { data } = await sendTo(url, '{ log { sequence } }');
  return String(data?.['log']?.['sequence']);
}

test.skipIf(fault !== null)(
  fault === null ? title : `${title} (skipped: ${fault})`,
  async () => {
    const release = buildPreviousRelease();
    undo.push(release.dispose);
    const databaseUrl = await createEmptyDatabase();
    let old = await start(databaseUrl, release.directory);
    const stage = await setStage(old.url);
    const over = new AbortController();
    const loads = [work(() => old.url, stage, over.signal)];
    await pause(phaseMs / 3);

    // This release migrates the database while the previous one works on it.
    const current = await start(databaseUrl);
    const events = 'subscription { events(after: "0") { sequence event { type } } }';
    type Frame = { readonly events: { readonly sequence: string; readonly event: object | null } };
    const live = [subscribe<Frame>(old.url, events), subscribe<Frame>(current.url, events)];
    undo.push(() => Promise.all(live.map((one) => one.cut())));
    loads.push(work(() => current.url, stage, over.signal));
    await pause(phaseMs);
    const during = Number(await headOf(current.url));
    for (const one of live) {
      await one.until((frames) => Number(frames.at(-1)?.events.sequence ?? 0) >= during);
      const sequences = one.frames.flatMap(({ events: { event, sequence } }) =>
        event === null ? [] : [Number(sequence)],
      );
      expect(sequences).toEqual(sequences.map((_sequence, index) => index + 1));
    }

    // The previous one is killed and starts again on the database that this one has migrated.
    await old.end('SIGKILL');
    old = await start(databaseUrl, release.directory);
    await pause(phaseMs);
    over.abort();
    const answers = await Promise.all(loads);
    expect(answers.flatMap(({ faults }) => faults)).toEqual([]);
    for (const { deposits, orders } of answers) {
      expect(Math.min(deposits, orders)).toBeGreaterThan(10);
    }

    const head = await headOf(current.url);
    await until(async () => (await allViewsOf(old.url, stage, head)).errors === undefined, 20_000);
    const said = await allViewsOf(current.url, stage, head);
    expect(said.errors).toBeUndefined();
    expect(await allViewsOf(old.url, stage, head)).toMatchObject({ data: said.data });
    expect(said.data?.['trialBalance']).toMatchObject({ isBalanced: true });
    const balances = stage.accountIds.map((_id, index) =>
      String(said.data?.[`a${index}`]?.['balance']),
    );
    const cents = balances.reduce((sum, balance) => sum + BigInt(balance.replace('.', '')), 0n);
    const deposits = answers.reduce((sum, answer) => sum + answer.deposits, 0);
    expect(cents).toBe(BigInt(deposits + 4 * 1_000_000) * 100n);

    // What both have written is one chain.
    const verified = await runProgram(['verify'], { DATABASE_URL: databaseUrl });
    expect(verified.output).toMatch(/^verified \d+ events$/m);
    expect(verified.code).toBe(0);
  },
  180_000,
);
