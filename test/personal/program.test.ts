import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import { newMasterKey, testMasterKey } from '../support/master-keys.ts';
import { createOwner, type Owner, ownerQuery, runMutation } from '../support/people.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { type Program, runProgram, startProgram } from '../support/program.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, startTestServer } from '../support/server.ts';

const undo: (() => unknown)[] = [];
let testDatabase: TestDatabase;
let directory: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-keys-'));
  undo.push(testDatabase.dispose, () => rm(directory, { recursive: true }));
});
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

type Environment = Readonly<Record<string, string>>;

async function start(environment: Environment): Promise<Program> {
  const program = await startProgram({ DATABASE_URL: testDatabase.url, ...environment });
  undo.push(() => program.end('SIGKILL'));
  return program;
}

function toClient(urlOf: () => string) {
  return {
    async send(query: string, variables: object = {}) {
      const response = await fetch(`${urlOf()}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return response.json();
    },
  } as Parameters<typeof createOwner>[0];
}

async function secretsShown(program: Program, owner: Owner): Promise<readonly string[]> {
  const { personId: person, accountId: account, secrets } = owner;
  const answer = await toClient(() => program.url).send(ownerQuery, { person, account });
  return secrets.filter((secret) => JSON.stringify(answer).includes(secret));
}

test('a master key is made in a file that only its owner can read, and is used again', async () => {
  const environment = { DAYBOOK_DATA_DIR: directory, DAYBOOK_MASTER_KEY: '' };
  const program = await start(environment);
  const file = path.join(directory, 'master-key');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  const owner = await createOwner(toClient(() => program.url));
  await program.end('SIGTERM');
  const again = await start(environment);
  expect(await secretsShown(again, owner)).toEqual(owner.secrets);
  await again.end('SIGTERM');

  // Another file is not made for a database that has keys.
  const lost = { DATABASE_URL: testDatabase.url, DAYBOOK_MASTER_KEY: '', LOG_LEVEL: 'error' };
  const other = path.join(directory, 'other');
  const refused = await runProgram(['serve'], { ...lost, DAYBOOK_MASTER_KEY_FILE: other });
  expect(refused).toEqual({
    code: 1,
    output: `daybook: the database has keys of personal data, but their master key is not in ${other}: give it in DAYBOOK_MASTER_KEY or DAYBOOK_MASTER_KEY_FILE\n`,
  });
  await expect(stat(other)).rejects.toMatchObject({ code: 'ENOENT' });
}, 60_000);

test('a server with another master key does not start, and says so in one line', async () => {
  const program = await start({});
  await program.end('SIGTERM');
  const { code, output } = await runProgram(['serve'], {
    DATABASE_URL: testDatabase.url,
    DAYBOOK_MASTER_KEY: newMasterKey(),
    LOG_LEVEL: 'error',
  });
  expect(code).toBe(1);
  expect(output).toMatch(
    /^daybook: the keys of personal data .* wrapped by master key [0-9a-f]{16}, which .*\n$/,
  );
  const malformed = { DATABASE_URL: testDatabase.url, DAYBOOK_MASTER_KEY: 'secret' };
  expect(await runProgram(['serve'], malformed)).toEqual({
    code: 1,
    output: 'daybook: DAYBOOK_MASTER_KEY has a master key that is not 32 bytes in base64\n',
  });
});

test('rotate-master-key --new wraps all keys by a new one while a server runs', async () => {
  const file = path.join(directory, 'key');
  await writeFile(file, `${testMasterKey}\n`);
  const environment = { DAYBOOK_MASTER_KEY: '', DAYBOOK_MASTER_KEY_FILE: file };
  const program = await start(environment);
  const owner = await createOwner(toClient(() => program.url));
  const settings = { DATABASE_URL: testDatabase.url, ...environment };
  const rotated = await runProgram(['rotate-master-key', '--new'], settings);
  expect(rotated).toEqual({ code: 0, output: 'keys of people that have a new master key: 1\n' });
  // The running server reads the file again: it uses the new key for new people.
  const later = await createOwner(toClient(() => program.url));
  await program.end('SIGTERM');
  const [next, old] = (await readFile(file, 'utf8')).trim().split('\n');
  expect(old).toBe(testMasterKey);
  // Without the old key, everything can still be read.
  await writeFile(file, `${next}\n`);
  const again = await start(environment);
  expect(await secretsShown(again, owner)).toEqual(owner.secrets);
  expect(await secretsShown(again, later)).toEqual(later.secrets);
}, 60_000);

test('a server that is killed while it forgets people has forgotten each whole, or not', async () => {
  const program = await start({});
  const client = toClient(() => program.url);
  const people = Array.from({ length: 120 }, (_, index) => `p${index}`);
  await Promise.all(
    people.map((personId) => runMutation(client, 'registerPerson', { personId, name: 'Ada' })),
  );
  const erasing = people.map((personId, index) =>
    delay(index * 2)
      .then(() => runMutation(client, 'erasePerson', { personId }))
      .catch(() => null),
  );
  await Promise.race([Promise.all(erasing.slice(0, 40)), erasing[60]]);
  await program.end('SIGKILL');
  const answered = (await Promise.all(erasing)).filter((answer) => answer !== null).length;
  const { database } = testDatabase;
  const [counts] = await sql<{ erased: number; torn: number }>(
    database,
    `select count(*) filter (where erased_at is not null) as erased,
       count(*) filter (where (erased_at is not null) <> exists (
         select from events where type = 'PersonErased' and stream_id = 'person-' || subject
       )) as torn
     from personal_keys`,
  );
  expect(counts?.torn).toBe(0);
  expect(counts?.erased).toBeGreaterThanOrEqual(answered);
  expect(answered).toBeGreaterThan(0);
  expect(counts?.erased).toBeLessThan(people.length);
}, 60_000);

test('keys that come back with an older backup are destroyed again at the start', async () => {
  const server = await createTestServer();
  undo.push(() => server.dispose());
  const owner = await createOwner(server);
  const { database } = server;
  await sql(database, 'create table backup as select * from personal_keys');
  await runMutation(server, 'erasePerson', { personId: owner.personId });
  await sql(database, 'truncate personal_keys');
  await sql(database, 'insert into personal_keys select * from backup');
  await sql(database, 'drop table backup');
  const other = await startTestServer(server.databaseUrl, database);
  undo.push(() => other.stop());
  const key = 'select wrapped_key from personal_keys where subject = $1';
  expect(await sql(database, key, [owner.personId])).toEqual([{ wrapped_key: null }]);
  const { personId: person, accountId: account, secrets } = owner;
  const client = toClient(() => other.url);
  const answer = JSON.stringify(await client.send(ownerQuery, { person, account }));
  expect(secrets.filter((secret) => answer.includes(secret))).toEqual([]);
});
