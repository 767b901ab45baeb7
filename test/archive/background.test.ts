import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log/log.ts';
import { createSigner } from '../../src/proof/signer.ts';
import { readVerification } from '../../src/proof/verification.ts';
import { createVerifier } from '../../src/proof/verifier.ts';
import { archiveSmall } from '../support/archive/archiving.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createFolder } from '../support/exports/exporting.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { newSigningKey } from '../support/proof-log.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
let testDatabase: TestDatabase;
let errors: object[];
let version = 0;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  undo.push(testDatabase.dispose);
  [errors, version] = [[], 0];
});
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const logger = { ...silentLogger, error: (fields: object) => errors.push(fields) };

async function append(batches: number): Promise<void> {
  const log = createLog(testDatabase.database, new Map());
  for (let count = 0; count < batches; count += 1) {
    version += 1;
    await log.append(batchOf([pending('note-a', version)]));
  }
}

const archive = async (sequence: number) =>
  archiveSmall(testDatabase.url, await createFolder(undo), sequence, { deciders: [] });

test('heads are signed after the last signed event was archived', async () => {
  const key = newSigningKey();
  const headsFile = path.join(await createFolder(undo), 'heads.jsonl');
  const { database } = testDatabase;
  const sign = async (): Promise<void> => {
    const readKey = async () => key;
    const times = { lookMs: 5, signMs: 0 };
    await createSigner({ database, logger, headsFile: () => headsFile, readKey, times }).stop();
    const signer = createSigner({ database, logger, headsFile: () => headsFile, readKey, times });
    signer.start();
    await signer.stop();
  };
  const signed = async () =>
    (await readFile(headsFile, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).sequence);
  await append(5);
  await sign();
  await append(5);
  expect((await archive(7)).moved).toEqual({ first: 1, last: 7 });
  await sign();
  expect(await signed()).toEqual([5, 10]);
  expect(errors).toEqual([]);
  // The hash of an archived batch still shows that the log is not the one that was signed.
  await append(1);
  await archive(10);
  await runStatement(
    testDatabase.url,
    `set session_replication_role = replica; update command_batches set hash = sha256('x')
     where first_sequence = 10`,
  );
  await sign();
  expect(await signed()).toEqual([5, 10]);
  expect(errors).toHaveLength(1);
});

test('the verification in the background goes on where the archived events end', async () => {
  const { url, database } = testDatabase;
  const verifyUntil = async (what: 'end' | 'fault') => {
    const verifier = createVerifier({ url, database, keeper: database, logger, lookMs: 5 });
    verifier.start();
    try {
      await until(async () => {
        // The verifier pauses after each part.
        await runStatement(url, 'update log_verification set next_at = now()');
        const { isAtEnd, fault } = await readVerification(database);
        return (isAtEnd && what === 'end') || fault !== null;
      });
    } finally {
      await verifier.stop();
    }
    const { position, fault } = await readVerification(database);
    return { sequence: position?.sequence, fault };
  };
  await append(10);
  await archive(5);
  expect(await verifyUntil('end')).toEqual({ sequence: 10, fault: null });
  // What it has verified may be archived before it goes on.
  await append(10);
  await archive(15);
  expect(await verifyUntil('end')).toEqual({ sequence: 20, fault: null });
  await runStatement(url, `update archived_ranges set hash = sha256('x') where last_sequence = 15`);
  expect(await verifyUntil('end')).toEqual({ sequence: 20, fault: null });
  await runStatement(url, `update log_verification set begun_at = now() - interval '25 hours'`);
  const { fault } = await verifyUntil('fault');
  expect(fault).toContain('sequence 16: ');
});
