import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDataKeys } from '../../src/personal/data-keys.ts';
import { openKeyRing } from '../../src/personal/key-ring.ts';
import { openLedgerKey, rotateMasterKey } from '../../src/personal/ledger-key.ts';
import { parseMasterKeys } from '../../src/personal/master-keys.ts';
import { seal } from '../../src/personal/seal.ts';
import type { Database, Executor, Query } from '../../src/postgres/database.ts';
import { newMasterKey, testMasterKey, testMasterKeys } from '../support/master-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.dispose());
beforeEach(() => sql(testDatabase.database, 'truncate personal_keys, ledger_keys'));

function openRing(masterKey = testMasterKey, readers: Executor = testDatabase.database) {
  const { database } = testDatabase;
  return openKeyRing({ database, readers, masterKeys: testMasterKeys(masterKey) });
}

function erase(subject: string): Promise<unknown> {
  return sql(
    testDatabase.database,
    `update personal_keys set master_key = null, wrapped_key = null, erased_at = now()
     where subject = '${subject}'`,
  );
}

type Ring = Awaited<ReturnType<typeof openRing>>;

function sealWith(ring: Ring, subject: string, text = 'secret') {
  const known = ring.known(subject);
  if (known?.kind !== 'KEY') throw new Error(`${subject} has no key: ${known?.kind}`);
  return seal(known.key, text, { subject, event: 'e1', field: 'name' });
}

test('two processes that create the key of a person at once agree on one', async () => {
  const rings = await Promise.all([openRing(), openRing(), openRing()]);
  await Promise.all(rings.map((ring) => ring.ensure(['ada', 'bob'])));
  const [first, ...others] = rings as [Ring, ...Ring[]];
  const sealed = sealWith(first, 'ada');
  for (const ring of others) expect(ring.open(sealed, 'name', 'e1')).toBe('secret');
});

test('a fingerprint is the same in all processes, and differs from a plain hash', async () => {
  const [one, other] = await Promise.all([openRing(), openRing()]);
  expect(one.fingerprint('x')).toBe(other.fingerprint('x'));
  expect(one.fingerprint('x')).not.toBe(one.fingerprint('y'));
  expect(one.fingerprint('x')).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
});

test('an erased key stays erased in memory and in the database', async () => {
  const ring = await openRing();
  await ring.ensure(['ada']);
  const sealed = sealWith(ring, 'ada');
  await erase('ada');
  ring.forget('ada', 'then');
  expect(ring.open(sealed, 'name', 'e1')).toBeNull();
  await ring.ensure(['ada']);
  expect(ring.known('ada')?.kind).toBe('ERASED');
  const other = await openRing();
  expect(await other.open(sealed, 'name', 'e1')).toBeNull();
  expect(await other.erasedAt('ada')).toMatch(/^20/);
  const revive = `update personal_keys set master_key = 'x', wrapped_key = '\\x00', erased_at = null`;
  await expect(sql(testDatabase.database, revive)).rejects.toMatchObject({ code: 'DB003' });
  const remove = 'delete from personal_keys';
  await expect(sql(testDatabase.database, remove)).rejects.toMatchObject({ code: 'DB003' });
});

test('a key that is destroyed while it is being read is not used', async () => {
  const { database } = testDatabase;
  let onRead = async (): Promise<void> => {};
  const readers: Executor = {
    async query<Row>(...query: Parameters<Executor['query']>): Promise<readonly Row[]> {
      const rows = await database.query<Row>(...query);
      await onRead();
      return rows;
    },
  };
  const writer = await openRing();
  await writer.ensure(['ada']);
  const sealed = sealWith(writer, 'ada');
  const ring = await openRing(testMasterKey, readers);
  onRead = async () => {
    onRead = async () => {};
    await erase('ada');
    ring.forget('ada', 'then');
  };
  expect(await ring.open(sealed, 'name', 'e1')).toBeNull();
  expect(await ring.open(sealed, 'name', 'e1')).toBeNull();
});

test('a text of another event, another field or a person without a key is an error', async () => {
  const ring = await openRing();
  await ring.ensure(['ada', 'bob']);
  const sealed = sealWith(ring, 'ada');
  expect(() => ring.open(sealed, 'name', 'e2')).toThrow('of event e2 cannot be opened');
  expect(() => ring.open(sealed, 'email', 'e1')).toThrow('email of event e1 cannot be opened');
  const moved = { ...sealed, subject: 'bob' };
  expect(() => ring.open(moved, 'name', 'e1')).toThrow('name of event e1 cannot be opened');
  const lost = { ...sealed, subject: 'eve' };
  await expect(ring.open(lost, 'name', 'e1')).rejects.toThrow('the key of eve is missing');
  expect(() => ring.openMembers({ name: sealed }, 'e2')).toThrow('event e2');
  expect(ring.openMembers({ name: sealed, other: 1 }, 'e1')).toEqual({ name: 'secret', other: 1 });
});

test('another master key does not open a database, and changes nothing in it', async () => {
  await (await openRing()).ensure(['ada']);
  const rows = () => sql(testDatabase.database, 'select * from ledger_keys, personal_keys');
  const before = await rows();
  await expect(openRing(newMasterKey())).rejects.toMatchObject({
    code: 'MASTER_KEY',
    message: expect.stringMatching(/^the keys of personal data .* does not have: give that key/),
  });
  expect(await rows()).toEqual(before);
});

test('wrapped keys that were changed or swapped are refused', async () => {
  const ring = await openRing();
  await ring.ensure(['ada', 'bob']);
  const swap = `update personal_keys set wrapped_key = (
      select wrapped_key from personal_keys as other where other.subject = 'bob'
    ) where subject = 'ada'`;
  await sql(testDatabase.database, swap);
  await expect((await openRing()).find(['ada'])).rejects.toThrow('but were changed');
});

test('a rotation wraps all keys again, with servers that have both keys running', async () => {
  const { database } = testDatabase;
  const before = await openRing();
  const people = Array.from({ length: 1_200 }, (_, index) => `p${index}`);
  await before.ensure(people);
  await erase('p7');
  const sealed = sealWith(before, 'p3');
  const next = newMasterKey();
  const both = `${next} ${testMasterKey}`;
  const running = await openRing(both);
  // Until the rotation, new keys are wrapped by the key that other servers have, too.
  await running.ensure(['early']);
  await before.ensure(['early']);
  expect(await rotateMasterKey(database, testMasterKeys(both))).toBe(1_200);
  await running.ensure(['late']);
  const after = await openRing(next);
  expect(await after.open(sealed, 'name', 'e1')).toBe('secret');
  await after.find(['early', 'late', 'p7']);
  expect(['early', 'late', 'p7'].map((id) => after.known(id)?.kind)).toEqual([
    'KEY',
    'KEY',
    'ERASED',
  ]);
  expect(after.fingerprint('x')).toBe(before.fingerprint('x'));
  await expect(openRing()).rejects.toMatchObject({ code: 'MASTER_KEY' });
  // A server that has only the old key adds none: nobody could unwrap it later.
  await expect(before.ensure(['too late'])).rejects.toMatchObject({ code: 'MASTER_KEY' });
  expect(await rotateMasterKey(database, testMasterKeys(next))).toBe(0);
});

test('a person who is forgotten during a rotation stays forgotten', async () => {
  const { database } = testDatabase;
  await (await openRing()).ensure(['ada', 'bob']);
  const racing: Database = {
    ...database,
    async query<Row>(query: Query, values?: readonly unknown[]): Promise<readonly Row[]> {
      if (query.name === 'rewrap_personal_keys') await erase('ada');
      return database.query<Row>(query, values);
    },
  };
  const next = newMasterKey();
  await rotateMasterKey(racing, testMasterKeys(`${next} ${testMasterKey}`));
  const ring = await openRing(next);
  await ring.find(['ada', 'bob']);
  expect([ring.known('ada')?.kind, ring.known('bob')?.kind]).toEqual(['ERASED', 'KEY']);
});

test('a text for which another process has just created the key is opened', async () => {
  const [one, other] = await Promise.all([openRing(), openRing()]);
  await one.find(['ada']);
  expect(one.known('ada')?.kind).toBe('ABSENT');
  await other.ensure(['ada']);
  expect(await one.open(sealWith(other, 'ada'), 'name', 'e1')).toBe('secret');
});

test('a server reads its master keys again when a rotation has added one', async () => {
  const { database } = testDatabase;
  await (await openRing()).ensure(['bob']);
  const next = newMasterKey();
  let kept = testMasterKey;
  const { createMasterKeys } = await import('../../src/personal/master-keys.ts');
  const read = async () => parseMasterKeys(kept, 'the test');
  const masterKeys = createMasterKeys(await read(), read);
  await openLedgerKey(database, masterKeys);
  const keys = createDataKeys({ database, readers: database, masterKeys });
  kept = `${next} ${testMasterKey}`;
  await rotateMasterKey(database, testMasterKeys(kept));
  await keys.find(['bob']);
  expect(keys.known('bob')?.kind).toBe('KEY');
  await keys.ensure(['ada']);
  expect(keys.known('ada')?.kind).toBe('KEY');
  const rows = await sql(database, 'select distinct master_key from personal_keys');
  expect(rows).toEqual([{ master_key: parseMasterKeys(next, 'the test')[0]?.id }]);
});

test.each(['', 'short', 'x'.repeat(44), `${testMasterKey}=`])('%j is not a master key', (text) => {
  expect(() => parseMasterKeys(text, 'FILE')).toThrow(/^FILE has (no|a) master key/);
});
