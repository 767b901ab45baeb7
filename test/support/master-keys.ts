import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { createDataKeys } from '../../src/personal/data-keys.ts';
import type { KeyRing } from '../../src/personal/key-ring.ts';
import {
  createMasterKeys,
  type MasterKeys,
  parseMasterKeys,
} from '../../src/personal/master-keys.ts';
import type { Database } from '../../src/postgres/database.ts';

/** The master key of all tests, for DAYBOOK_MASTER_KEY. */
export const testMasterKey = Buffer.alloc(32, 7).toString('base64');

/** Another master key each time. */
export function newMasterKey(): string {
  return randomBytes(32).toString('base64');
}

export function testMasterKeys(text = testMasterKey): MasterKeys {
  return createMasterKeys(parseMasterKeys(text, 'the test'));
}

/** The keys of people for a processor without an engine. */
export function createTestKeys(
  database: Database,
): Pick<KeyRing, 'known' | 'find' | 'ensure' | 'fingerprint'> {
  const masterKeys = testMasterKeys();
  const keys = createDataKeys({ database, readers: database, masterKeys });
  const fingerprint = (content: string) => createHash('sha256').update(content).digest('hex');
  return { ...keys, fingerprint };
}

const oneKey = createSecretKey(Buffer.alloc(32, 1));

/** One data key for all people, for deciding without a database. */
export const keysInMemory: Pick<KeyRing, 'known'> = {
  known: () => ({ kind: 'KEY', key: oneKey }),
};
