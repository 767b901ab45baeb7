import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, runStatement, type TestDatabase } from './support/postgres.ts';
import { type Program, startProgram } from './support/program.ts';
import { createTcpProxy, type TcpProxy } from './support/tcp-proxy.ts';
import { until } from './support/until.ts';

let testDatabase: TestDatabase;
let proxy: TcpProxy;
let program: Program;
const accountId = randomUUID();

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  proxy = await createTcpProxy(testDatabase.url);
  program = await startProgram({ LOG_LEVEL: 'info', DATABASE_URL: proxy.url });
  await open();
  await until(async () => (await ready()).ready);
});

afterEach(async () => {
  await program.end('SIGKILL');
  await proxy.stop();
  await until(async () => {
    const others = await testDatabase.database.query({
      name: 'others',
      text: `select from pg_stat_activity
        where datname = current_database() and application_name like 'daybook%'
          and application_name <> 'daybook test'`,
    });
    return others.length === 0;
  });
  await testDatabase.dispose();
});

interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { code: string } }[];
}

async function send(query: string): Promise<Answer> {
  const response = await fetch(`${program.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Answer;
}

function open(): Promise<Answer> {
  return send(`mutation { openAccount(input: {
    accountId: "${accountId}", owner: "Ada", currency: "EUR" }) { __typename } }`);
}

function deposit(): Promise<Answer> {
  return send(`mutation { depositCash(input: {
    accountId: "${accountId}", amount: "1.00" }) { __typename } }`);
}

interface Ready {
  readonly status: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

async function ready(): Promise<Ready> {
  const response = await fetch(`${program.url}/health/ready`);
  return { status: response.status, ...((await response.json()) as Omit<Ready, 'status'>) };
}

interface Line {
  readonly msg: string;
  readonly reason?: string;
}

function lines(): readonly Line[] {
  const texts = program.output().split('\n');
  return texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Line);
}

test('an outage is logged in one line when it begins and one when it ends, without stacks', async () => {
  await proxy.refuse();
  const refusedAt = performance.now();
  await until(() => performance.now() - refusedAt > 5_000);
  expect(await ready()).toMatchObject({
    status: 503,
    ready: false,
    reasons: expect.arrayContaining(['the database cannot be reached']),
  });
  await proxy.restore();
  const restored = 'the connection to the database is restored';
  await until(() => lines().some(({ msg }) => msg === restored));
  await until(async () => (await ready()).ready);
  expect(lines().map(({ msg }) => msg)).toEqual([
    'the connection to the database is lost',
    restored,
  ]);
  expect(program.output()).not.toMatch(/"stack"| {4}at /);
  expect(lines()[0]?.reason).not.toMatch(/cannot be reached|: .*terminated.*: .*terminated/);
});

test('a server that is stopped while its database is silent answers every request within 10 s', async () => {
  proxy.blackHole();
  // The query reads the database, even if the views are up to date.
  const query = send('{ accounts { nodes { owner } } }');
  const asked = [deposit(), deposit(), deposit(), query];
  const askedAt = performance.now();
  await until(() => performance.now() - askedAt > 300);
  const ended = program.end('SIGTERM');
  const answers = await Promise.all(asked);
  const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code);
  expect(codes.slice(0, 3)).toEqual(
    codes.slice(0, 3).map(() => expect.stringMatching(/^(OUTCOME_UNKNOWN|UNAVAILABLE)$/)),
  );
  expect(codes[3]).toMatch(/^(DATABASE_UNREACHABLE|SEQUENCE_NOT_REACHED)$/);
  expect(await ended).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(10_300);
});

test('a database that becomes read-only is reported as such until it is writable again', async () => {
  const name = new URL(testDatabase.url).pathname.slice(1);
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'daybook'`;
  const set = (value: string) =>
    `begin read write;
     alter database ${name} set default_transaction_read_only = ${value}; commit`;
  await runStatement(testDatabase.url, set('on'));
  await runStatement(testDatabase.url, end);
  const depositing = deposit();
  await until(async () => (await ready()).reasons.includes('the database is read-only'));
  // A statement must have been refused first, or there would be nothing to report.
  await until(() => lines().some(({ msg }) => msg.startsWith('the database is read-only')));
  await runStatement(testDatabase.url, set('off'));
  expect((await depositing).data).toEqual({
    depositCash: { __typename: 'DepositCashPayload' },
  });
  await until(async () => (await ready()).ready);
  await until(() => lines().some(({ msg }) => msg === 'the database is writable again'));
});

test('a full disk is reported at once, in the log and in the answers to commands', async () => {
  const fill = `create function fill_disk() returns trigger language plpgsql as $$ begin
      raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end $$;
    create trigger fill_disk before insert on events execute function fill_disk()`;
  await runStatement(testDatabase.url, fill);
  const full = await deposit();
  expect(full.errors?.[0]).toMatchObject({
    message: 'the disk of the database is full: send this command again later',
    extensions: { code: 'UNAVAILABLE' },
  });
  await deposit();
  const line = { msg: 'the disk of the database is full: nothing can be recorded' };
  expect(lines()).toMatchObject([line]);
  await runStatement(testDatabase.url, 'drop trigger fill_disk on events');
  await until(async () => {
    expect((await deposit()).data).toEqual({
      depositCash: { __typename: 'DepositCashPayload' },
    });
    return lines().length > 1;
  });
  expect(lines()[1]).toMatchObject({ msg: 'the disk of the database has free space again' });
});
