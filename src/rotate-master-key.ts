import type { Config } from './config.ts';
import { addMasterKey, readMasterKeys } from './master-keys-file.ts';
import { withDatabase } from './open-database.ts';
import { rotateMasterKey } from './personal/ledger-key.ts';

/**
 * Wraps all keys of personal data by the first master key, while servers may run; `isNew`: by a new
 * one that is put into the file first. Returns the number of keys of people that were wrapped by
 * another one. Throws `MasterKeyError`.
 */
export async function rotate(config: Config, isNew: boolean): Promise<number> {
  if (isNew) await addMasterKey(config.masterKey);
  return withDatabase(config, 'rotate-master-key', async ({ database }) => {
    const keys = await readMasterKeys(config.masterKey, async () => false);
    return rotateMasterKey(database, keys);
  });
}
