import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { readVerification } from '../../src/proof/verification.ts';
import { createVerifier } from '../../src/proof/verifier.ts';
import { runStatement } from '../support/postgres.ts';
import { createProofLog, newSigningKey, type ProofLog } from '../support/proof-log.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let log: ProofLog;
beforeAll(async () => {
  log = await createProofLog(newSigningKey());
});
afterAll(() => log.dispose());

/** Runs verifiers, as several servers do, until the condition is true. */
async function verifyUntil(url: string, isDone: (fault: string | null) => boolean) {
  const database = createDatabase({ url, applicationName: 'test', log: silentLogger });
  const errors: object[] = [];
  const logger = { ...silentLogger, error: (fields: object) => errors.push(fields) };
  const verifiers = [1, 2].map(() =>
    createVerifier({ url, database, keeper: database, logger, lookMs: 5 }),
  );
  try {
    for (const verifier of verifiers) verifier.start();
    await until(async () => {
      const { isAtEnd, fault } = await readVerification(database);
      return (isAtEnd || fault !== null) && isDone(fault);
    });
    await Promise.all(verifiers.map((verifier) => verifier.stop()));
    return { ...(await readVerification(database)), errors };
  } finally {
    await Promise.all(verifiers.map((verifier) => verifier.stop()));
    await database.stop();
  }
}

const forget = 'update log_verification set position = null, fault = null, next_at = now();';

test('the log is verified in the background up to its head', async () => {
  await log.edited(forget, async (url) => {
    const { position, errors, fault } = await verifyUntil(url, (found) => found === null);
    expect(position?.sequence).toBe(12);
    expect({ fault, errors }).toEqual({ fault: null, errors: [] });
  });
});

test('a fault is recorded and logged, and gone once it is repaired', async () => {
  const edit = `${forget} update events set actor = 'eve' where sequence = 6;`;
  await log.edited(edit, async (url) => {
    const found = await verifyUntil(url, (fault) => fault !== null);
    expect(found.fault).toContain('sequence 6: the event is not the one that was recorded');
    expect(found.position?.sequence).toBe(4);
    expect(found.errors).toEqual([{ fault: found.fault }]);
    await runStatement(
      url,
      `set session_replication_role = replica; update log_verification set next_at = now();
       update events set actor = 'tester' where sequence = 6;`,
    );
    expect(await verifyUntil(url, (fault) => fault === null)).toMatchObject({ fault: null });
  });
});

test('the log is verified again from its first event when a day has passed', async () => {
  await log.edited(forget, (url) => verifyUntil(url, (fault) => fault === null));
  const edit = `update log_verification set begun_at = begun_at - interval '25 hours',
      next_at = now();
    update events set actor = 'eve' where sequence = 1;`;
  await log.edited(edit, async (url) => {
    const { fault } = await verifyUntil(url, (found) => found !== null);
    expect(fault).toContain('sequence 1: ');
  });
});
