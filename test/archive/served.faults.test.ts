import { afterEach, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createBlankDatabase, createFolder } from '../support/exports/exporting.ts';
import { subscribe } from '../support/live.ts';
import { type Program, runProgram, spawnProgram, startProgram } from '../support/program.ts';
import { sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { type Stage, sendTo, setStage, work } from '../support/upgrade-load.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let databaseUrl: string;
let database: Database;
let directory: string;

async function start(environment: Readonly<Record<string, string>> = {}): Promise<Program> {
  const program = await startProgram({
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'error',
    ...environment,
  });
  undo.push(() => program.end('SIGKILL'));
  await until(async () => (await fetch(`${program.url}/health/ready`)).ok, 30_000);
  return program;
}

interface LogState {
  readonly head: number;
  readonly through: number;
  /** Up to where every reader has come. */
  readonly read: number;
}

async function logState(): Promise<LogState> {
  const [row] = await sql<LogState>(
    database,
    `select sequence as head, archived_through as through, least(
       (select min(checkpoint) from views where version >= 0),
       (select min(checkpoint) from consumers)) as read from log_head`,
  );
  if (row === undefined) throw new Error('the log has no head');
  return row;
}

const archive = (before: number, directoryOf = directory) =>
  runProgram(['archive', '--before', String(before), '--out', directoryOf], {
    DATABASE_URL: databaseUrl,
  });

/** What the accounts, the market and the balance sheet were as of a moment. */
async function past(url: string, { symbol, accountIds }: Stage, asOf: string): Promise<unknown> {
  const accounts = accountIds.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { balance held version
      portfolio { cash equity } orders(first: 20) { nodes { side quantity status } } }`,
  );
  const market = `instrument(symbol: "${symbol}", asOf: $asOf) { lastPrice
    orderBook { bids { price quantity } asks { price quantity } } }
    trialBalance(asOf: $asOf) { isBalanced assets { asset total } }`;
  const query = `query Q($asOf: Moment!) { ${accounts.join('\n')} ${market} }`;
  const { data, errors } = await sendTo(url, query, { asOf });
  expect(errors).toBeUndefined();
  return data;
}

interface Frame {
  readonly events: { readonly sequence: string; readonly event: object | null };
}
const eventsAfter = (sequence: number) =>
  `subscription { events(after: "${sequence}") { sequence event { type } } }`;
const archived = (cure: string) => [
  { message: expect.stringContaining(cure), extensions: { code: 'ARCHIVED' } },
];
const lastOf = (frames: readonly Frame[]) => Number(frames.at(-1)?.events.sequence ?? 0);

test('a server under load goes on while its events are archived, killed, and fetched back', async () => {
  databaseUrl = await createBlankDatabase(undo);
  directory = await createFolder(undo);
  database = createDatabase({ url: databaseUrl, applicationName: 'operator', log: silentLogger });
  undo.push(database.stop);
  let server = await start();
  const stage = await setStage(server.url);
  const over = new AbortController();
  undo.push(() => over.abort());
  const load = work(() => server.url, stage, over.signal);
  const live = subscribe<Frame>(server.url, eventsAfter(0));
  undo.push(live.cut);
  await until(async () => (await logState()).read > 300, 60_000, logState);
  const { read } = await logState();
  const cut = Math.floor(read / 2);
  const moments = [String(Math.floor(cut / 2)), String(cut + 10)];
  const [event] = await sql<{ at: string }>(
    database,
    `select to_char(recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from events where sequence = 50`,
  );
  moments.push(event?.at ?? '');
  const before = await Promise.all(moments.map((moment) => past(server.url, stage, moment)));

  // Two archives are killed, one of them while it removes the events.
  for (const sign of ['manifest', 'waits']) {
    const args = ['archive', '--before', String(cut), '--out', directory];
    const killed = spawnProgram(args, { DATABASE_URL: databaseUrl });
    await until(() => killed.process.exitCode !== null || isAt(sign), 60_000);
    await killed.end('SIGKILL');
    const { through } = await logState();
    expect([0, cut]).toContain(through > 0 ? cut : 0);
  }
  const first = await archive(cut);
  expect(first.code, first.output).toBe(0);
  const { through } = await logState();
  expect(through).toBeGreaterThan(cut - 20);
  expect(through).toBeLessThanOrEqual(cut);

  // A bridge that lags holds the rest.
  await sql(
    database,
    `insert into bridges (name, kind, direction, checkpoint, begins_after)
     values ('slow', 'nats', 'OUT', $1, 0)`,
    [through + 5],
  );
  const held = await archive(read);
  expect(held.output).toContain(`because the bridge slow is at event ${through + 5}`);
  expect((await logState()).through).toBeLessThan(through + 5);
  await sql(database, 'delete from bridges');

  // The past is answered as before, also after a crash of the server.
  const now = async () => Promise.all(moments.map((moment) => past(server.url, stage, moment)));
  expect(await now()).toEqual(before);
  const seen = (await logState()).head;
  await live.until((frames) => lastOf(frames) >= seen);
  const sequences = live.frames.flatMap(({ events: { event: found, sequence } }) =>
    found === null ? [] : [Number(sequence)],
  );
  expect(sequences).toEqual(sequences.map((_sequence, index) => index + 1));
  await server.end('SIGKILL');
  server = await start();
  expect(await now()).toEqual(before);
  const refused = subscribe<Frame>(server.url, eventsAfter(0));
  await expect(refused.until(() => false)).rejects.toMatchObject(archived('fetch them back with'));
  const from = (await logState()).through;
  const later = subscribe<Frame>(server.url, eventsAfter(from));
  await later.until((frames) => frames.some(({ events: { event: found } }) => found !== null));
  expect(Number(later.frames.find(({ events: { event: e } }) => e !== null)?.events.sequence)).toBe(
    from + 1,
  );
  await Promise.all([refused.cut(), later.cut()]);

  // With the setting, a server fetches the events back for the first reader that needs them.
  await server.end('SIGKILL');
  server = await start({ DAYBOOK_ARCHIVE_DIR: directory });
  const asked = subscribe<Frame>(server.url, eventsAfter(0));
  await expect(asked.until(() => false)).rejects.toMatchObject(
    archived('they are being fetched back'),
  );
  await until(async () => (await logState()).through === 0, 60_000, logState);
  const all = subscribe<Frame>(server.url, eventsAfter(0));
  await all.until((frames) => lastOf(frames) > seen);
  await Promise.all([asked.cut(), all.cut()]);
  expect(await now()).toEqual(before);

  over.abort();
  const { faults, deposits } = await load;
  expect(faults).toEqual([]);
  expect(deposits).toBeGreaterThan(20);
  const verified = await runProgram(['verify'], { DATABASE_URL: databaseUrl });
  expect(verified.output).toMatch(/^verified \d+ events$/m);
}, 240_000);

/** Whether the archive has come to where it is to be killed. */
async function isAt(sign: string): Promise<boolean> {
  if (sign === 'manifest') {
    const text = `select exists (select from archived_streams) as found`;
    return (await sql<{ found: boolean }>(database, text))[0]?.found === true;
  }
  const text = `select exists (select from pg_class where relname like 'archive_draft_%'
    and relkind = 'r') as found`;
  return (await sql<{ found: boolean }>(database, text))[0]?.found === true;
}
